//! What the kernel keeps of files that were read: which are there tells which programs ran lately.

use std::fs::{self, File};
use std::path::PathBuf;

use rustix::fs::{Advice, fadvise};

/// Writing `1` drops the page cache of the whole machine (Documentation/admin-guide/sysctl/vm.rst).
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// Drops all of it, which only the root of the machine may; logs when that cannot be done.
pub(crate) async fn drop_all() {
    drop_below(Vec::new()).await;
}

/// Drops what is kept of the files below `directories`, or all of it where we may.
pub(crate) async fn drop_below(directories: Vec<String>) {
    let dropped = tokio::task::spawn_blocking(move || match fs::write(DROP_CACHES, "1") {
        Ok(()) => Ok(()),
        Err(error) if directories.is_empty() => Err(error),
        // Everybody may say of a file that it can read that it will not need it.
        Err(_) => {
            directories.iter().for_each(|directory| drop_files(directory.into()));
            Ok(())
        }
    });
    if let Ok(Err(error)) = dropped.await {
        tracing::warn!(%error, "the page cache could not be dropped: it tells the next tenant what was read");
    }
}

fn drop_files(directory: PathBuf) {
    let mut paths = vec![directory];
    while let Some(path) = paths.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            paths.extend(entries.map(|entry| entry.path()));
        } else if metadata.is_file()
            && let Ok(file) = File::open(&path)
        {
            // What somebody has mapped just now stays.
            let _ = fadvise(&file, 0, None, Advice::DontNeed);
        }
    }
}
