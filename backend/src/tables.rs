//! Tables as files for people: CSV as Excel opens it, and XLSX. No cell of them is a formula.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, Write as _};

use actix_web::web::{self, Bytes};
use chrono::NaiveDate;
use csv::QuoteStyle;
use epos_shared::api::bulk::FileFormat;
use epos_shared::problem::{Problem, ProblemCode};
use futures_util::stream::{self, Stream};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::error::ApiError;

/// The type of a file of Excel.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file's name for the browser: of ASCII for old ones, in Russian for the others, with the day it was made.
#[must_use]
pub fn attachment(name: &str, title: &str, day: NaiveDate, format: FileFormat) -> String {
    let end = format.as_str();
    named_attachment(&format!("{name}-{day}.{end}"), &format!("{title} {day}.{end}"))
}

/// A file's name for the browser: of ASCII for old ones (without quotes), as it is for the others.
#[must_use]
pub fn named_attachment(ascii: &str, name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// What a file holds, piece by piece.
pub fn contents(file: File) -> impl Stream<Item = Result<Bytes, ApiError>> {
    stream::try_unfold(file, |mut file| async move {
        let read = move || {
            let mut piece = vec![0; 64 * 1024];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((piece, file))
        };
        let (piece, file) =
            web::block(read).await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })
}

/// A row.
pub type Line = Vec<String>;

/// What a table program takes for the beginning of a formula.
const BEGINNINGS: &str = "=+-@＝＋－＠";
/// Rows of a sheet, and what a row of a heading leaves.
const SHEET_ROWS: u32 = 1_048_575;

fn is_formula(cell: &str) -> bool {
    // Table programs look past spaces, and some past an invisible sign.
    cell.trim_start().starts_with(|first| BEGINNINGS.contains(first)) || cell.starts_with(['\t', '\r', '\n'])
}

/// A cell that is text wherever it is opened.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell as it was before [`guarded`], for files that come back.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// The beginning of a CSV: the mark of UTF-8 and the headings.
///
/// # Errors
/// None, in practice.
pub fn csv_head(headings: &[&str], quotes: QuoteStyle) -> Result<Vec<u8>, ApiError> {
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    let headings: Line = headings.iter().map(|&heading| heading.to_owned()).collect();
    bytes.extend(csv_lines(&[headings], quotes)?);
    Ok(bytes)
}

/// Rows of a CSV (RFC 4180).
///
/// # Errors
/// None, in practice.
pub fn csv_lines(lines: &[Line], quotes: QuoteStyle) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .quote_style(quotes)
        .flexible(true)
        .from_writer(Vec::with_capacity(lines.len() * 200));
    for line in lines {
        writer
            .write_record(line.iter().map(|cell| guarded(cell).into_owned()))
            .map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}

/// A file of Excel that grows on the disk, not in memory.
pub struct BookWriter {
    book: Workbook,
    row: u32,
}

impl BookWriter {
    /// Begins a file of Excel with its headings.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn new(headings: &[&str]) -> Result<Self, ApiError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name("Сотрудники").map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        let bold = Format::new().set_bold();
        for (column, heading) in (0_u16..).zip(headings) {
            sheet.set_column_width(column, 22).map_err(failed)?;
            sheet.write_string_with_format(0, column, *heading, &bold).map_err(failed)?;
        }
        Ok(Self { book, row: 1 })
    }

    /// The file with more rows.
    ///
    /// # Errors
    /// More rows than a sheet has; the disk refuses.
    pub fn with(mut self, lines: &[Line]) -> Result<Self, ApiError> {
        let sheet = self.book.worksheet_from_index(0).map_err(failed)?;
        for line in lines {
            if self.row > SHEET_ROWS {
                return Err(Problem::new(ProblemCode::MalformedParameter)
                    .with_detail(
                        "На листе Excel столько строк не помещается: выберите CSV или уточните фильтр.",
                    )
                    .into());
            }
            for (column, cell) in (0_u16..).zip(line) {
                if !cell.is_empty() {
                    sheet.write_string(self.row, column, cell.as_str()).map_err(failed)?;
                }
            }
            self.row += 1;
        }
        Ok(self)
    }

    /// The finished file, in a file of the system that has no name, at its beginning.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn into_file(mut self) -> Result<File, ApiError> {
        let file = tempfile::tempfile().map_err(ApiError::internal)?;
        let mut buffered = BufWriter::new(file);
        self.book.save_to_writer(&mut buffered).map_err(failed)?;
        buffered.flush().map_err(ApiError::internal)?;
        let mut file = buffered.into_inner().map_err(ApiError::internal)?;
        file.rewind().map_err(ApiError::internal)?;
        Ok(file)
    }
}

fn failed(error: XlsxError) -> ApiError {
    ApiError::internal(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_a_file_is_a_formula() {
        for cell in ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
            assert_eq!(unguarded(&guarded(cell)), cell);
        }
        for cell in ["Иванов", "'кавычка", "", "a=b"] {
            assert_eq!(guarded(cell), cell);
            assert_eq!(unguarded(cell), cell);
        }
        let line = vec!["=cmd|' /C calc'!A0".to_owned(), "а;б".to_owned(), "о \"нём\"".to_owned()];
        let text = String::from_utf8(csv_lines(&[line], QuoteStyle::Necessary).unwrap()).unwrap();
        assert_eq!(text, "'=cmd|' /C calc'!A0;\"а;б\";\"о \"\"нём\"\"\"\r\n");
        assert!(csv_head(&["А"], QuoteStyle::Necessary).unwrap().starts_with(b"\xEF\xBB\xBF"));
    }

    #[test]
    fn a_cell_is_text_whatever_stands_in_it() {
        let cells = ["Школа №1; «А»", "он \"сам\"", "=1+1", " +7", "@x", "-", "\t=1", "а=б", "", "10.0.0.1"];
        let lines = [cells.map(str::to_owned).to_vec()];
        let out = String::from_utf8(csv_lines(&lines, QuoteStyle::Always).unwrap()).unwrap();
        assert_eq!(
            out,
            "\"Школа №1; «А»\";\"он \"\"сам\"\"\";\"'=1+1\";\"' +7\";\"'@x\";\"'-\";\"'\t=1\";\"а=б\";\"\";\"10.0.0.1\"\r\n"
        );
    }
}
