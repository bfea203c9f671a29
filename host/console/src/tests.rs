use super::*;

fn text(asset: &Asset) -> String {
    String::from_utf8(asset.bytes(Coding::Identity).into_owned()).unwrap()
}

#[test]
fn every_file_unpacks_to_the_same_bytes_in_every_coding() {
    let all: Vec<Asset> = names().filter_map(asset).collect();
    assert!(all.len() > 3, "the bundle holds a page, scripts and styles");
    for file in all {
        let plain = file.bytes(Coding::Identity);
        let inflated = miniz_oxide::inflate::decompress_to_vec_zlib(&file.bytes(Coding::Deflate)).unwrap();
        assert!(!plain.is_empty() && inflated == *plain, "{}", file.name);
        assert_ne!(file.media_type(), "application/octet-stream", "{}", file.name);
    }
}

#[test]
fn the_page_names_files_that_are_there_and_has_no_script_of_its_own() {
    let page = text(&page().unwrap());
    let named: Vec<&str> = page.split("\"/console/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(named.len() >= 3, "{page}");
    assert!(named.iter().all(|name| asset(name).is_some()), "{named:?}");
    assert!(!page.contains("<style") && !page.contains("<script>") && !page.contains(" style="), "{page}");
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    for file in names().filter_map(asset) {
        let text = text(&file);
        for foreign in ["src=\"http", "href=\"http", "url(http", "import(\"http", "fetch(\"http"] {
            assert!(!text.contains(foreign), "{} has {foreign}", file.name);
        }
        // In a script it is a keyword that a grammar knows.
        assert!(!(file.name.ends_with(".css") && text.contains("@import")), "{}", file.name);
    }
}

#[test]
fn it_is_small() {
    let deflated = |file: &Asset| file.bytes(Coding::Deflate).len();
    let all: usize = names().filter_map(asset).map(|file| deflated(&file)).sum();
    assert!(all <= 400 << 10, "{all} bytes");
}

#[test]
fn what_is_not_there_is_not_found() {
    assert!(asset("../Cargo.toml").is_none() && asset("").is_none() && asset("index.html.br").is_none());
}

/// The server answers at these places, and the script knows the same.
#[test]
fn the_script_knows_the_places() {
    let script = include_str!("../web/src/places.ts");
    for place in PLACES {
        assert!(script.contains(&format!("'{}'", place.replace("{id}", ":id"))), "{place}");
    }
}
