//! The importers of problem packages: text of any kind in the files that each format has.
//!
//! A file's path stands in a line after `--- `, and what follows it is the file.

use std::io::Write as _;

use optimus_package::Tree;
use rawzip::ZipArchiveWriter;

use crate::archive::{CAPS, read};

/// Packs the files, unpacks them, and reads the package.
pub fn fuzz(bytes: &[u8]) {
    let Some(archive) = packed(bytes) else { return };
    if let Ok(tree) = Tree::of_zip(&archive, CAPS) {
        read(tree);
    }
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut archive = Vec::new();
    let mut writer = ZipArchiveWriter::new(&mut archive);
    for file in text.strip_prefix("--- ")?.split("\n--- ").take(CAPS.entries) {
        let (path, content) = file.split_once('\n').unwrap_or((file, ""));
        let (mut entry, config) = writer.new_file(path).start().ok()?;
        let mut data = config.wrap(&mut entry);
        data.write_all(content.as_bytes()).ok()?;
        let (_, output) = data.finish().ok()?;
        entry.finish(output).ok()?;
    }
    writer.finish().ok()?;
    Some(archive)
}
