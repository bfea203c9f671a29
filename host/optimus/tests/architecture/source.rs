//! The modules of a crate as its compiler finds them: from the root along each `mod`, without what only tests see.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemMod, ItemUse, Meta, UseTree};

/// A module: a file, or an inline `mod x { … }` in one.
#[derive(Debug)]
pub(crate) struct Module {
    /// Without the crate's own name; empty for the root.
    pub(crate) path: Vec<String>,
    pub(crate) file: PathBuf,
    /// Each path in its code, as it is written there.
    pub(crate) mentions: Vec<Mention>,
    /// What `use` brings into its scope: the name there, and the path as it is written.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// Identifiers and literals, with their lines; comments are not among them.
    pub(crate) tokens: Vec<(usize, String)>,
}

/// A path of at least two segments, with its line.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
}

/// All modules under the crate's `src/lib.rs` and `src/main.rs`.
pub(crate) fn modules(crate_dir: &Path) -> Vec<Module> {
    let mut found = Vec::new();
    for root in ["src/lib.rs", "src/main.rs"].map(|file| crate_dir.join(file)) {
        if root.is_file() {
            let text = fs::read_to_string(&root).unwrap();
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
            let dir = crate_dir.join("src");
            read(&parsed.items, &[], &root, &dir, &mut found);
        }
    }
    assert!(!found.is_empty(), "no crate at {}", crate_dir.display());
    found
}

/// `children` is where the files of this module's `mod x;` are.
fn read(items: &[Item], path: &[String], file: &Path, children: &Path, found: &mut Vec<Module>) {
    let mut module = Module {
        path: path.to_owned(),
        file: file.to_owned(),
        mentions: Vec::new(),
        imports: BTreeMap::new(),
        tokens: Vec::new(),
    };
    for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
        match item {
            Item::Mod(inner) => child(inner, path, file, children, found),
            item => {
                Reader { module: &mut module }.visit_item(item);
                tokens(item.to_token_stream(), &mut module.tokens);
            }
        }
    }
    found.push(module);
}

fn child(item: &ItemMod, path: &[String], file: &Path, children: &Path, found: &mut Vec<Module>) {
    let name = item.ident.to_string();
    let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
    if let Some((_, items)) = &item.content {
        return read(items, &path, file, &children.join(&name), found);
    }
    let file = match elsewhere(&item.attrs) {
        Some(given) => file.with_file_name(given),
        None => children.join(&name).with_extension("rs"),
    };
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    read(&parsed.items, &path, &file, &children.join(&name), found);
}

/// The file of `#[path = "…"]`.
fn elsewhere(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        Some(pair.value.to_token_stream().to_string().trim_matches('"').to_owned())
    })
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        meta => meta.path().is_ident("test"),
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Collects what one item names.
struct Reader<'a> {
    module: &'a mut Module,
}

impl Reader<'_> {
    fn mention(&mut self, line: usize, path: Vec<String>) {
        if path.len() > 1 {
            self.module.mentions.push(Mention { line, path });
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let line = item.use_token.span.start().line;
        let mut leaves = Vec::new();
        flatten(&item.tree, Vec::new(), &mut leaves);
        for (name, path) in leaves {
            self.mention(line, path.clone());
            self.module.imports.insert(name, path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        self.mention(line, path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        in_tokens(called.tokens.clone(), &mut |line, path| self.mention(line, path));
        visit::visit_macro(self, called);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(method) if is_for_tests(&method.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }
}

/// Every leaf of a `use`: its name in this scope, and its path. A glob's name is `*` with its path, so none hides another.
fn flatten(tree: &UseTree, mut before: Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before.clone(), leaves)),
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((before.last().cloned().unwrap_or_default(), before));
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), name.ident.to_string(), before, leaves),
        UseTree::Rename(rename) if rename.ident == "self" => leaves.push((rename.rename.to_string(), before)),
        UseTree::Rename(rename) => leaf(rename.rename.to_string(), rename.ident.to_string(), before, leaves),
        UseTree::Glob(_) => leaf(format!("*{}", before.join("::")), "*".to_owned(), before, leaves),
    }
}

fn leaf(name: String, last: String, mut path: Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    path.push(last);
    leaves.push((name, path));
}

/// Paths in what a macro is given: identifiers that are joined by `::`.
fn in_tokens(stream: TokenStream, found: &mut dyn FnMut(usize, Vec<String>)) {
    let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
    for token in stream {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    found(line, std::mem::take(&mut path));
                    line = ident.span().start().line;
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            token => {
                colons = 0;
                found(line, std::mem::take(&mut path));
                if let TokenTree::Group(group) = token {
                    in_tokens(group.stream(), found);
                }
            }
        }
    }
    found(line, path);
}

/// Identifiers and literals, without attributes: doc comments are attributes, too.
fn tokens(stream: TokenStream, found: &mut Vec<(usize, String)>) {
    let mut after_hash = false;
    for token in stream {
        match token {
            TokenTree::Punct(punct) => {
                after_hash = punct.as_char() == '#' || (after_hash && punct.as_char() == '!');
                continue;
            }
            TokenTree::Group(group) if after_hash => drop(group),
            TokenTree::Group(group) => tokens(group.stream(), found),
            TokenTree::Ident(ident) => found.push((ident.span().start().line, ident.to_string())),
            TokenTree::Literal(literal) => found.push((literal.span().start().line, literal.to_string())),
        }
        after_hash = false;
    }
}
