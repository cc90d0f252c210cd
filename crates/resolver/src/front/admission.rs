//! How many queries may be in flight, and how many TCP connections open: in all, and for one client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts what clients have going on, up to a limit.
#[derive(Debug)]
pub(crate) struct Admission {
    per_client: usize,
    total: usize,
    going_on: Mutex<GoingOn>,
}

#[derive(Debug, Default)]
struct GoingOn {
    clients: HashMap<IpAddr, usize>,
    total: usize,
}

/// One thing that a client has going on; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    client: IpAddr,
}

impl Admission {
    /// So many for one client, and so many in all.
    pub(crate) fn new(per_client: usize, total: usize) -> Arc<Self> {
        Arc::new(Self {
            per_client,
            total,
            going_on: Mutex::default(),
        })
    }

    /// Lets one more begin, unless that is too many.
    pub(crate) fn admit(self: &Arc<Self>, client: IpAddr) -> Option<Admitted> {
        let mut going_on = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = going_on.clients.get(&client).copied().unwrap_or(0);
        if of_client >= self.per_client || going_on.total >= self.total {
            return None;
        }
        going_on.clients.insert(client, of_client + 1);
        going_on.total += 1;
        Some(Admitted {
            admission: Arc::clone(self),
            client,
        })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut going_on = self
            .admission
            .going_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        going_on.total -= 1;
        if let Some(of_client) = going_on.clients.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                going_on.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_client_cannot_take_what_others_need() {
        let admission = Admission::new(2, 10);
        let held: Vec<_> = (0..3).map(|_| admission.admit(client(1))).collect();
        assert_eq!(held.iter().flatten().count(), 2);
        assert!(admission.admit(client(2)).is_some());
    }

    #[test]
    fn all_together_have_a_limit_too() {
        let admission = Admission::new(2, 3);
        let held: Vec<_> = (0..4).map(|last| admission.admit(client(last))).collect();
        assert_eq!(held.iter().flatten().count(), 3);
    }

    #[test]
    fn what_ends_makes_room_and_leaves_nothing_behind() {
        let admission = Admission::new(1, 1);
        for last in 0..100 {
            let admitted = admission.admit(client(last));
            assert!(admitted.is_some(), "client {last}");
            drop(admitted);
        }
        let going_on = admission.going_on.lock().unwrap();
        assert_eq!((going_on.total, going_on.clients.len()), (0, 0));
    }
}
