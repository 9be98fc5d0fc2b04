//! A page and its fenced blocks.

use std::path::{Path, PathBuf};

/// One fenced block.
pub(crate) struct Block {
    /// Of its opening fence.
    pub line: usize,
    /// The word behind the fence; empty for output.
    pub language: String,
    pub text: String,
    /// The comment in the line above.
    pub mark: Option<String>,
}

pub(crate) struct Page {
    path: PathBuf,
    text: String,
    pub lines: usize,
    pub blocks: Vec<Block>,
}

/// The directory of README.md, wherever the package that runs this stands.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|directory| directory.join("wit/world.wit").exists()).unwrap()
}

/// README.md and every page below `docs/`.
pub(crate) fn all() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().flatten();
    let names = docs.map(|entry| format!("docs/{}", entry.file_name().to_str().unwrap()));
    names.filter(|name| name.ends_with(".md")).chain(["README.md".to_owned()]).collect()
}

impl Page {
    pub(crate) fn read(path: &str) -> Page {
        let path = root().join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = blocks(&text);
        Page { path, lines: text.lines().count(), blocks, text }
    }

    /// What the page has besides blocks.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Rows of its tables, cell by cell, without the heads' rules.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<&str>> {
        let rows = self.text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
        rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
    }

    /// Targets of links and pictures that stay in the repository.
    pub(crate) fn links(&self) -> impl Iterator<Item = &str> {
        let after = self.text.split("](").skip(1);
        let targets = after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        targets.filter(|target| !target.contains("://") && !target.starts_with('#'))
    }

    /// Writes what was printed in the place of what is shown in some blocks.
    pub(crate) fn overwrite(&self, printed: &[(usize, String)]) {
        let mut lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let mut text = String::new();
        while let Some((number, line)) = lines.next() {
            text += &format!("{line}\n");
            if let Some((_, output)) = printed.iter().find(|(at, _)| *at == number) {
                text += output;
                lines.by_ref().find(|(_, line)| *line == "```").unwrap();
                text += "```\n";
            }
        }
        std::fs::write(&self.path, text).unwrap();
    }

    pub(crate) fn leads_to(&self, target: &str) -> PathBuf {
        let file = target.split('#').next().unwrap();
        self.path.parent().unwrap().join(file)
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut above = "";
    for (index, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                let mark = above.strip_prefix("<!-- ").and_then(|mark| mark.strip_suffix(" -->"));
                let (language, mark) = (language.to_owned(), mark.map(str::to_owned));
                blocks.push(Block { line: index + 1, language, text: String::new(), mark });
                open = true;
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
        above = line;
    }
    assert!(!open, "a block has no end");
    blocks
}
