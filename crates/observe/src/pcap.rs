//! Frames from a capture file in the classic pcap format, which `tcpdump -w` writes.
//!
//! What it is not: a reader of pcapng, or of frames that are not Ethernet.

use std::io::{self, ErrorKind, Read};

use thiserror::Error;

/// The most octets of a frame; libpcap writes no longer ones.
const LONGEST_FRAME: u32 = 262_144;
/// How many octets stand before the first frame.
const FILE_HEADER: u64 = 24;
/// The link type of Ethernet.
const ETHERNET: u32 = 1;

/// Why a capture file cannot be read.
#[derive(Debug, Error)]
pub enum PcapError {
    /// The file cannot be read.
    #[error("the capture file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no capture file.
    #[error("this is no capture file in the pcap format")]
    NotPcap,
    /// It is in the newer format.
    #[error("this capture file is in the pcapng format; convert it with: editcap -F pcap FILE OTHER-FILE")]
    PcapNg,
    /// Its frames are not Ethernet frames.
    #[error("the frames of this capture file are not Ethernet frames (its link type is {0}, not 1)")]
    LinkType(u32),
    /// It ends within a frame.
    #[error("the capture file ends within frame {number}, at octet {octet}")]
    Truncated {
        /// The number of the frame, from 1.
        number: usize,
        /// Where the file ends: how many octets it has.
        octet: u64,
    },
    /// A frame is longer than any can be.
    #[error(
        "frame {number} of the capture file, at octet {octet}, says that it has {length} octets, more than any frame"
    )]
    TooLong {
        /// The number of the frame, from 1.
        number: usize,
        /// Where its record begins, from 0.
        octet: u64,
        /// Its length.
        length: u32,
    },
}

/// The frames of a capture file, in order. After an error there are no more.
#[derive(Debug)]
pub struct PcapFrames<R> {
    file: R,
    big_endian: bool,
    number: usize,
    /// How many octets have been read.
    octet: u64,
    ended: bool,
}

impl<R: Read> PcapFrames<R> {
    /// Reads the header of a file. The reader should be buffered.
    ///
    /// # Errors
    /// If it is not a file that can be read.
    pub fn new(mut file: R) -> Result<Self, PcapError> {
        let mut header = [0; 24];
        file.read_exact(&mut header[..4]).map_err(not_pcap)?;
        let [a, b, c, d, ..] = header;
        let big_endian = match [a, b, c, d] {
            // With microseconds or nanoseconds; times are not needed.
            [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => true,
            [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => false,
            [0x0a, 0x0d, 0x0d, 0x0a] => return Err(PcapError::PcapNg),
            _ => return Err(PcapError::NotPcap),
        };
        file.read_exact(&mut header[4..]).map_err(not_pcap)?;
        let [.., a, b, c, d] = header;
        // The upper half says whether frames end with a checksum.
        let link_type = number([a, b, c, d], big_endian) & 0xffff;
        if link_type != ETHERNET {
            return Err(PcapError::LinkType(link_type));
        }
        Ok(Self {
            file,
            big_endian,
            number: 0,
            octet: FILE_HEADER,
            ended: false,
        })
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, PcapError> {
        self.number += 1;
        let begin = self.octet;
        let header = self.octets(16)?;
        if header.is_empty() {
            return Ok(None);
        }
        // Seconds, their fraction, the length here, the length on the wire.
        let [_, _, _, _, _, _, _, _, a, b, c, d, _, _, _, _] = header[..] else {
            return Err(self.truncated());
        };
        let length = number([a, b, c, d], self.big_endian);
        if length > LONGEST_FRAME {
            return Err(PcapError::TooLong {
                number: self.number,
                octet: begin,
                length,
            });
        }
        let frame = self.octets(length)?;
        if u32::try_from(frame.len()) != Ok(length) {
            return Err(self.truncated());
        }
        Ok(Some(frame))
    }

    /// So many octets, or fewer if the file ends.
    fn octets(&mut self, most: u32) -> Result<Vec<u8>, PcapError> {
        let mut octets = Vec::new();
        let read = self.file.by_ref().take(most.into()).read_to_end(&mut octets)?;
        self.octet += read as u64;
        Ok(octets)
    }

    fn truncated(&self) -> PcapError {
        PcapError::Truncated {
            number: self.number,
            octet: self.octet,
        }
    }
}

impl<R: Read> Iterator for PcapFrames<R> {
    type Item = Result<Vec<u8>, PcapError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.frame().transpose();
        self.ended = !matches!(frame, Some(Ok(_)));
        frame
    }
}

fn not_pcap(error: io::Error) -> PcapError {
    if error.kind() == ErrorKind::UnexpectedEof {
        PcapError::NotPcap
    } else {
        PcapError::Io(error)
    }
}

fn number(octets: [u8; 4], big_endian: bool) -> u32 {
    if big_endian {
        u32::from_be_bytes(octets)
    } else {
        u32::from_le_bytes(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in which the first four octets and the link type are as given, with these frames; both byte orders come from one text.
    fn file(magic: [u8; 4], link_type: u32, frames: &[&[u8]]) -> Vec<u8> {
        let big_endian = magic[0] == 0xa1;
        let word = |value: u32| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut file = magic.to_vec();
        for value in [0x0002_0004, 0, 0, 65_535, link_type] {
            file.extend(word(value));
        }
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap();
            for value in [1, 2, length, length + 7] {
                file.extend(word(value));
            }
            file.extend(*frame);
        }
        file
    }

    const MICROSECONDS: [u8; 4] = [0xa1, 0xb2, 0xc3, 0xd4];

    #[test]
    fn frames_come_in_order_in_either_byte_order_and_resolution() {
        for magic in [
            MICROSECONDS,
            [0xd4, 0xc3, 0xb2, 0xa1],
            [0xa1, 0xb2, 0x3c, 0x4d],
            [0x4d, 0x3c, 0xb2, 0xa1],
        ] {
            let file = file(magic, 1, &[b"first", b"", b"third"]);
            let frames: Vec<_> = PcapFrames::new(&file[..])
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(frames, [&b"first"[..], b"", b"third"], "{magic:x?}");
        }
    }

    #[test]
    fn a_file_that_is_cut_anywhere_ends_with_an_error() {
        let whole = file(MICROSECONDS, 1, &[b"first", b"second"]);
        for length in 0..whole.len() {
            match PcapFrames::new(&whole[..length]) {
                Err(error) => assert!(
                    length < 24 && matches!(error, PcapError::NotPcap),
                    "{length}: {error}"
                ),
                Ok(frames) => {
                    let last = frames.last();
                    match length {
                        24 => assert!(last.is_none()),
                        // The end of the first frame.
                        45 => assert!(matches!(last, Some(Ok(_)))),
                        _ => assert!(
                            matches!(last, Some(Err(PcapError::Truncated { octet, .. })) if octet == length as u64),
                            "{length}: {last:?}"
                        ),
                    }
                }
            }
        }
    }

    #[test]
    fn other_files_are_refused_with_words_that_help() {
        let refusal = |file: &[u8]| PcapFrames::new(file).unwrap_err().to_string();
        assert!(refusal(&[0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28]).contains("editcap"));
        assert!(refusal(b"GET / HTTP/1.1\r\n").contains("no capture file"));
        assert!(refusal(&file(MICROSECONDS, 113, &[])).contains("113"));
    }

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let mut bytes = file(MICROSECONDS, 1, &[]);
        bytes.extend([0; 8]);
        bytes.extend([0xff; 8]);
        let mut frames = PcapFrames::new(&bytes[..]).unwrap();
        assert!(matches!(
            frames.next(),
            Some(Err(PcapError::TooLong {
                number: 1,
                octet: 24,
                length: u32::MAX
            }))
        ));
        assert!(frames.next().is_none());
    }
}
