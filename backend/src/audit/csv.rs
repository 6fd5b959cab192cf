//! A table for people who open it in a spreadsheet: UTF-8 with BOM, `;`, CRLF (RFC 4180), and nothing in it that a
//! spreadsheet would take for a formula.

/// What the file begins with, so that spreadsheets read it as UTF-8.
pub(super) const BOM: &str = "\u{feff}";

/// Adds a line.
pub(super) fn line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (number, cell) in cells.into_iter().enumerate() {
        if number > 0 {
            out.push(';');
        }
        // Spreadsheets look past spaces, and some past an invisible sign.
        let begins = cell.trim_start().chars().next();
        let is_formula = begins.is_some_and(|begins| "=+-@＝＋－＠".contains(begins))
            || cell.starts_with(['\t', '\r', '\n']);
        out.push('"');
        if is_formula {
            out.push('\'');
        }
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_whatever_stands_in_it() {
        let mut out = String::new();
        line(
            &mut out,
            ["Школа №1; «А»", "он \"сам\"", "=1+1", " +7", "@x", "-", "\t=1", "а=б", "", "10.0.0.1"],
        );
        assert_eq!(
            out,
            "\"Школа №1; «А»\";\"он \"\"сам\"\"\";\"'=1+1\";\"' +7\";\"'@x\";\"'-\";\"'\t=1\";\"а=б\";\"\";\"10.0.0.1\"\r\n"
        );
    }
}
