//! The socket of the command line, and the local page's listeners.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use tokio::net::UnixListener;

/// The socket's file; it goes with this value.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // One that stays is replaced at the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds the socket. One that a gateway left behind is replaced; anything else in its place is left alone.
///
/// # Errors
/// If another gateway listens there, something else is in the way, or the system refuses.
pub(crate) fn bind(path: &Path) -> anyhow::Result<(UnixListener, SocketFile)> {
    let what = || format!("the control socket {} (paths.control)", path.display());
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)
            .with_context(what)?;
    }
    match fs::symlink_metadata(path) {
        Ok(data) if !data.file_type().is_socket() => {
            bail!("{}: something that is no socket is in its place", what())
        }
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => bail!("{}: another gateway listens there", what()),
            Err(_) => fs::remove_file(path).with_context(what)?,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(what),
    }
    let listener = UnixListener::bind(path).with_context(what)?;
    let file = SocketFile(path.to_owned());
    // Whoever may write here may approve: that is the owner of the machine alone.
    fs::set_permissions(path, Permissions::from_mode(0o600)).with_context(what)?;
    Ok((listener, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/control.sock");
        let (listener, file) = bind(&path).unwrap();
        drop(listener);
        std::mem::forget(file);
        let (_listener, file) = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(file);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn the_socket_of_a_running_gateway_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let _running = bind(&path).unwrap();
        let error = bind(&path).unwrap_err().to_string();
        assert!(error.contains("another gateway"), "{error}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        fs::write(&path, "precious").unwrap();
        assert!(bind(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}
