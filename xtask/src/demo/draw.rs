//! Pictures of an editor, made of text.

use std::io::IsTerminal;

/// How a piece of text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Less important.
    Dim,
    /// Important.
    Bold,
    /// Chosen, in a list.
    Chosen,
    /// Wrong.
    Wrong,
    /// Right.
    Right,
}

/// `text` in a look, if the output is a terminal that shows it.
pub fn in_look(look: Look, text: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some() || !std::io::stdout().is_terminal();
    if plain {
        return text.to_owned();
    }
    let code = match look {
        Look::Dim => "2",
        Look::Bold => "1",
        Look::Chosen => "7",
        Look::Wrong => "31",
        Look::Right => "32",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// A heading.
pub fn title(text: &str) {
    println!(
        "\n{}\n",
        in_look(
            Look::Bold,
            &format!("━━ {text} {}", "━".repeat(74_usize.saturating_sub(width(text))))
        )
    );
}

/// Something that is drawn below a line of a document.
pub struct Below {
    /// The line, from zero.
    pub line: usize,
    /// The column, from zero, under which it begins.
    pub column: usize,
    /// Its own lines.
    pub drawn: Vec<String>,
}

/// The lines of a document with their numbers, and what is shown below some of them.
pub fn document(lines: &[String], below: &[Below]) {
    for (number, line) in lines.iter().enumerate() {
        println!("{} {line}", in_look(Look::Dim, &format!("{:>4} │", number + 1)));
        for below in below.iter().filter(|below| below.line == number) {
            let margin = in_look(Look::Dim, "     │");
            for line in &below.drawn {
                println!("{margin} {}{line}", " ".repeat(below.column));
            }
        }
    }
}

/// A line under a piece of text, and below it a message, broken to fit.
pub fn squiggle(length: usize, message: &str, breadth: usize) -> Vec<String> {
    let lines = std::iter::once("~".repeat(length.max(1))).chain(wrap(message, breadth));
    lines.map(|line| in_look(Look::Wrong, &line)).collect()
}

/// A frame around rows of columns, of which the first is the chosen one.
pub fn list(rows: &[Vec<String>], footer: Option<&str>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| width(t)).max().unwrap_or(0))
        .collect();
    let lines = rows.iter().enumerate().map(|(number, row)| {
        let mark = if number == 0 { "▸ " } else { "  " };
        let cells = widths.iter().enumerate().map(|(c, &w)| pad(row.get(c).map_or("", |t| t), w));
        format!("{mark}{}", cells.collect::<Vec<_>>().join("  "))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.extend(footer.map(|text| format!("  {text}")));
    framed(&lines, Some(0))
}

/// A frame around running text, broken to fit.
pub fn panel(text: &str, breadth: usize) -> Vec<String> {
    let lines: Vec<String> = text.lines().flat_map(|line| wrap(line, breadth)).collect();
    framed(&lines, None)
}

fn framed(lines: &[String], chosen: Option<usize>) -> Vec<String> {
    let breadth = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let bar = "─".repeat(breadth + 2);
    let mut out = vec![format!("┌{bar}┐")];
    for (number, line) in lines.iter().enumerate() {
        let inside = format!(" {} ", pad(line, breadth));
        let inside = if chosen == Some(number) { in_look(Look::Chosen, &inside) } else { inside };
        out.push(format!("│{inside}│"));
    }
    out.push(format!("└{bar}┘"));
    out
}

fn wrap(line: &str, breadth: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in line.split(' ') {
        let last = out.last_mut().expect("there is a line from the start");
        if !last.is_empty() && width(last) + 1 + width(word) > breadth {
            out.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    out
}

fn pad(text: &str, breadth: usize) -> String {
    format!("{text}{}", " ".repeat(breadth.saturating_sub(width(text))))
}

// Every character is taken to be one column wide; that holds for what nixpkgs' descriptions have.
fn width(text: &str) -> usize {
    text.chars().count()
}
