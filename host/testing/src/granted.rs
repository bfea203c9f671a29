//! An ordinary user to whom subordinate ids are granted.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Ids that no distribution gives to anybody.
const GRANTED: &str = "65534:1879048192:65536";

/// The words before a command that have it run as user 65534 with 65,536 subordinate ids, subuid(5). The files that grant
/// them are seen by that command only.
///
/// # Errors
/// What is missing for it here.
pub fn user() -> Result<Vec<String>, String> {
    if !std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return Err("only root can become another user".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |program: &str| std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if let Some(missing) = ["unshare", "setpriv", "newuidmap", "newgidmap"].into_iter().find(|program| !has(program)) {
        return Err(format!("no `{missing}`"));
    }
    // Others are mounted over them.
    if let Some(missing) = ["/etc/subuid", "/etc/subgid"].into_iter().find(|file| !Path::new(file).exists()) {
        return Err(format!("no `{missing}`"));
    }
    let script = format!(
        "set -e; mount -t tmpfs -o mode=755 granted /mnt; echo {GRANTED} > /mnt/ids; \
         mount --bind /mnt/ids /etc/subuid; mount --bind /mnt/ids /etc/subgid; umount -l /mnt; \
         exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\""
    );
    Ok(["unshare", "--mount", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec())
}
