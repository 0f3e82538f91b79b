//! The checked-in files that are made from the code are current.

use tollgate::config::reference;

fn path(file: &str) -> String {
    format!("{}/docs/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// Compares, or writes where `TOLLGATE_WRITE` is set.
fn is_current(file: &str, current: &str) {
    if std::env::var_os("TOLLGATE_WRITE").is_some() {
        std::fs::write(path(file), current).unwrap();
    }
    let found = std::fs::read_to_string(path(file)).unwrap_or_default();
    assert!(found == current, "docs/{file} is not current; renew it with: make schema");
}

#[test]
fn schema_is_current() {
    is_current("config.schema.json", &format!("{:#}\n", reference::schema()));
    let mut page = std::fs::read_to_string(path("config.md")).unwrap();
    for (name, table) in [("paths", reference::paths()), ("presets", reference::presets())] {
        let start = page.find(&format!("<!-- {name} -->\n")).unwrap() + name.len() + "<!--  -->\n".len();
        let end = start + page[start..].find("<!-- end -->").unwrap();
        page.replace_range(start..end, &table);
    }
    is_current("config.md", &page);
}
