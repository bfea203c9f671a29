//! Tokens. Clients check that one is a random UUID (version 4); a job's id is of version 7, and differs in that digit only.

use optimus_core::JobId;
use uuid::Uuid;

const VERSION_BITS: u128 = 0xf << 76;

/// The token of a job.
pub(super) fn of_job(id: JobId) -> String {
    with_version(id.0, 4).to_string()
}

/// The job of a token; none of what is no token.
pub(super) fn job(token: &str) -> Option<JobId> {
    let uuid = Uuid::parse_str(token).ok()?;
    (uuid.get_version_num() == 4).then(|| JobId(with_version(uuid, 7)))
}

fn with_version(uuid: Uuid, version: u128) -> Uuid {
    Uuid::from_u128(uuid.as_u128() & !VERSION_BITS | version << 76)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_uuid_of_version_4_and_leads_to_its_job() {
        let id = JobId::new();
        let token = of_job(id);
        assert_eq!(Uuid::parse_str(&token).unwrap().get_version_num(), 4);
        assert_eq!(job(&token), Some(id));
        for bad in ["", "x", "0197b5c2", &id.to_string()] {
            assert_eq!(job(bad), None, "{bad}");
        }
    }
}
