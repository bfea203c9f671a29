//! Addresses of doors.

use std::net::SocketAddr;
use std::str::FromStr;

use optimus_server::api::Door;

/// A protocol at an address: `judge0=127.0.0.1:2358`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorAddress {
    /// The protocol.
    pub door: Door,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl FromStr for DoorAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=ADDRESS"))?;
        let door = name.parse()?;
        let address = address.parse().map_err(|_| format!("`{address}` is no address, like 127.0.0.1:2358"))?;
        Ok(Self { door, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_has_a_name_and_an_address() {
        let parsed: DoorAddress = "judge0=127.0.0.1:2358".parse().unwrap();
        assert_eq!((parsed.door, parsed.address), (Door::Judge0, "127.0.0.1:2358".parse().unwrap()));
        for (bad, word) in
            [("judge0", "NAME=ADDRESS"), ("nosuch=127.0.0.1:1", "nosuch"), ("judge0=localhost", "localhost")]
        {
            assert!(bad.parse::<DoorAddress>().unwrap_err().contains(word), "{bad}");
        }
    }
}
