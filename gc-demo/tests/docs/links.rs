//! Links within the project: to files, to headings, to tests by their names.

use super::Page;
use std::fs;
use std::path::Path;

/// The links of a page that lead nowhere.
pub fn wrong(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    for (text, target) in links(&page.text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = match file {
            "" => page.path.clone(),
            file => page.path.parent().unwrap_or(Path::new("")).join(file),
        };
        if !path.exists() {
            wrong.push(format!("{}: there is no {target}", page.name()));
        } else if !heading.is_empty() && !headings(&path).iter().any(|it| it == heading) {
            wrong.push(format!("{}: {file} has no heading #{heading}", page.name()));
        } else if file.contains("tests/") && file.ends_with(".rs") && !file.ends_with(&text) && !has_test(&path, &text)
        {
            wrong.push(format!("{}: {file} has no test {text}", page.name()));
        }
    }
    wrong
}

/// `[text](target)`, outside of code.
fn links(page: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in page.lines() {
        in_code ^= line.starts_with("```");
        let mut rest = line;
        while let (false, Some(middle)) = (in_code, rest.find("](")) {
            let (before, after) = (&rest[..middle], &rest[middle + 2..]);
            let Some(end) = after.find(')') else { break };
            let text = before.rfind('[').map_or("", |start| &before[start + 1..]);
            found.push((text.replace('`', ""), &after[..end]));
            rest = &after[end..];
        }
    }
    found
}

/// The headings of a page as links name them.
fn headings(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let keep = |letter: char| letter.is_alphanumeric() || letter == ' ' || letter == '-' || letter == '_';
    let name = |title: &str| title.to_lowercase().chars().filter(|it| keep(*it)).collect::<String>().replace(' ', "-");
    titles.map(name).collect()
}

fn has_test(path: &Path, name: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}
