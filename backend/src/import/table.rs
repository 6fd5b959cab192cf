//! A table out of the bytes that somebody uploads: CSV in the encodings and with the separators of Excel, or
//! XLSX. What it is, is judged by its content, never by its name; how much of it is read, is bounded before it
//! is read.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use actix_web::web::Bytes;
use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1251};
use epos_shared::problem::FieldError;

use crate::error::ApiError;
use crate::workers::Workers;

/// What all files of an XLSX may unfold to, in bytes: a table of ten thousand rows has a fifth of it.
const MAX_UNFOLDED: u64 = 32 * 1024 * 1024;
/// Files inside an XLSX.
const MAX_PARTS: usize = 1_000;
/// What all cells of a table may hold, in bytes.
const MAX_TEXT: usize = 32 * 1024 * 1024;

const ZIP: &[u8] = b"PK\x03\x04";
/// The beginning of XLS, DOC and everything else of that time.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The largest table that is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows besides the headings.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Characters of a cell.
    pub cell: usize,
}

/// A table: the headings and what stands under them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The first row with anything in it.
    pub headings: Vec<String>,
    /// The rows under it that are not empty.
    pub rows: Vec<Row>,
}

/// A row: as many cells as there are headings, each without spaces around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file it begins at, the first being 1.
    pub line: u32,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Why bytes are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableError {
    /// Nothing in it.
    Empty,
    /// Neither text nor XLSX.
    NotATable,
    /// XLS and its like.
    OldFormat,
    /// Begins as XLSX, and is none or a damaged one.
    Damaged,
    /// XLSX under a password.
    Protected,
    /// No sheet with cells.
    NoSheet,
    /// It unfolds to more than a table has.
    TooLarge,
    /// More rows than the limit.
    TooManyRows(usize),
    /// More columns than the limit, at a line.
    TooManyColumns(usize, u32),
    /// More in a cell than the limit, at a line: as a rule, a quotation mark that nothing closes.
    CellTooLong(usize, u32),
    /// Cells right of the last heading, at a line.
    BeyondHeadings(u32),
    /// Bytes that are no text in the encoding of the rest, at a line.
    Unreadable(u32),
}

impl TableError {
    const fn code(self) -> &'static str {
        match self {
            Self::Empty => "table-empty",
            Self::NotATable => "not-a-table",
            Self::OldFormat => "old-format",
            Self::Damaged => "table-damaged",
            Self::Protected => "table-protected",
            Self::NoSheet => "no-sheet",
            Self::TooLarge => "table-too-large",
            Self::TooManyRows(_) => "too-many-rows",
            Self::TooManyColumns(..) => "too-many-columns",
            Self::CellTooLong(..) => "cell-too-long",
            Self::BeyondHeadings(_) => "beyond-headings",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// What is wrong and what to do, in Russian.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Empty => "Файл пуст: нужна строка заголовков и строки под ней".to_owned(),
            Self::NotATable => {
                "Это не таблица: нужен файл XLSX или CSV в кодировке UTF-8 или Windows-1251".to_owned()
            }
            Self::OldFormat => "Старый формат Excel: сохраните таблицу как XLSX или CSV".to_owned(),
            Self::Damaged => "Файл повреждён: откройте его в Excel и сохраните как XLSX заново".to_owned(),
            Self::Protected => "Файл защищён паролем: снимите защиту и сохраните его заново".to_owned(),
            Self::NoSheet => "В книге нет видимого листа с ячейками".to_owned(),
            Self::TooLarge => "В файле слишком много данных: разделите таблицу на части".to_owned(),
            Self::TooManyRows(most) => format!("Больше {most} строк: разделите таблицу на части"),
            Self::TooManyColumns(most, line) => format!("Строка {line}: больше {most} столбцов"),
            Self::CellTooLong(most, line) => {
                format!("Строка {line}: в ячейке больше {most} знаков. Возможно, кавычка не закрыта")
            }
            Self::BeyondHeadings(line) => {
                format!("Строка {line}: ячеек больше, чем заголовков. Проверьте разделители и кавычки")
            }
            Self::Unreadable(line) => {
                format!("Строка {line} не читается: сохраните файл в одной кодировке, лучше всего в UTF-8")
            }
        }
    }
}

impl From<TableError> for ApiError {
    fn from(error: TableError) -> Self {
        Self::validation(vec![FieldError {
            field: "file".to_owned(),
            code: error.code().to_owned(),
            message: error.message(),
        }])
    }
}

/// A thread that reads tables, one after the other: in memory there is one.
#[derive(Debug, Clone)]
pub struct TableReader(Workers);

impl TableReader {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start() -> std::io::Result<Self> {
        Workers::start("epos-tables", 1).map(Self)
    }

    /// Reads a table in its turn.
    ///
    /// # Errors
    /// The bytes are no table, or one above the limits.
    pub async fn read(&self, bytes: Bytes, limits: Limits) -> Result<Table, ApiError> {
        let read = self.0.run(move || read(&bytes, limits)).await;
        Ok(read.ok_or_else(|| ApiError::internal("reading a table panicked"))??)
    }
}

/// Reads a table. Takes as long as there are bytes: for a thread that may wait.
///
/// # Errors
/// The bytes are no table, or one above the limits.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Table, TableError> {
    let mut rows = Rows { limits, headings: Vec::new(), rows: Vec::new(), text: 0 };
    if bytes.starts_with(ZIP) {
        from_xlsx(bytes, &mut rows)?;
    } else if bytes.starts_with(COMPOUND) {
        // An XLSX under a password is wrapped into the old form.
        let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let name = utf_16("EncryptedPackage");
        let protected = bytes.windows(name.len()).any(|window| window == name);
        return Err(if protected { TableError::Protected } else { TableError::OldFormat });
    } else {
        from_csv(&text(bytes)?, &mut rows)?;
    }
    if rows.headings.is_empty() || rows.rows.is_empty() {
        return Err(TableError::Empty);
    }
    Ok(Table { headings: rows.headings, rows: rows.rows })
}

/// The rows read so far.
struct Rows {
    limits: Limits,
    headings: Vec<String>,
    rows: Vec<Row>,
    text: usize,
}

impl Rows {
    /// Takes the next row of the file.
    fn push(&mut self, line: u32, mut cells: Vec<String>) -> Result<(), TableError> {
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        if self.headings.is_empty() {
            self.headings = cells;
            return Ok(());
        }
        if cells.len() > self.headings.len() {
            return Err(TableError::BeyondHeadings(line));
        }
        if self.rows.len() >= self.limits.rows {
            return Err(TableError::TooManyRows(self.limits.rows));
        }
        cells.resize(self.headings.len(), String::new());
        self.rows.push(Row { line, cells });
        Ok(())
    }

    /// A cell as it is kept. Its size is judged before it is copied.
    fn cell(&mut self, text: &str, line: u32) -> Result<String, TableError> {
        let text = text.trim();
        if text.len() > self.limits.cell && text.chars().count() > self.limits.cell {
            return Err(TableError::CellTooLong(self.limits.cell, line));
        }
        if text.chars().any(is_binary) {
            return Err(TableError::Unreadable(line));
        }
        self.text += text.len();
        if self.text > MAX_TEXT { Err(TableError::TooLarge) } else { Ok(text.to_owned()) }
    }
}

/// Characters that no text has.
fn is_binary(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

// ---- CSV ---------------------------------------------------------------------------------------------------

/// Bytes as text: by its mark UTF-8 or UTF-16 («Текст Юникод» of Excel), else UTF-8 where it is that, else
/// Windows-1251.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, TableError> {
    let text = if let Some(rest) = bytes.strip_prefix(UTF_8_MARK) {
        Cow::Borrowed(std::str::from_utf8(rest).map_err(|error| unreadable(rest, error.valid_up_to()))?)
    } else if let Some((encoding, rest)) = utf_16(bytes) {
        let (text, damaged) = encoding.decode_without_bom_handling(rest);
        if damaged {
            return Err(TableError::NotATable);
        }
        text
    } else {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) if is_damaged_utf_8(bytes) => return Err(unreadable(bytes, error.valid_up_to())),
            Err(_) => windows_1251(bytes)?,
        }
    };
    // A few bytes of anything else than text end it here, before anybody looks for cells.
    if text.chars().any(is_binary) { Err(TableError::NotATable) } else { Ok(text) }
}

fn utf_16(bytes: &[u8]) -> Option<(&'static encoding_rs::Encoding, &[u8])> {
    let little = bytes.strip_prefix(b"\xFF\xFE").map(|rest| (UTF_16LE, rest));
    little.or_else(|| bytes.strip_prefix(b"\xFE\xFF").map(|rest| (UTF_16BE, rest)))
}

fn unreadable(bytes: &[u8], at: usize) -> TableError {
    let before = bytes.get(..at).unwrap_or_default();
    TableError::Unreadable(line_after(before.iter().filter(|byte| **byte == b'\n').count()))
}

/// The line behind so many ends of lines.
fn line_after(ends: usize) -> u32 {
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
}

/// Whether nearly all that is not ASCII is UTF-8: text in another encoding hardly ever is.
fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 4
}

/// Every byte is a character of Windows-1251, so what comes of it decides: Russian text is Russian letters, and
/// text in another encoding (CP866, a picture) is not.
fn windows_1251(bytes: &[u8]) -> Result<Cow<'_, str>, TableError> {
    let (text, _) = WINDOWS_1251.decode_without_bom_handling(bytes);
    let (mut letters, mut others) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| !character.is_ascii()) {
        if matches!(character, 'А'..='я' | 'Ё' | 'ё') {
            letters += 1;
        } else {
            others += 1;
        }
    }
    if letters < others { Err(TableError::NotATable) } else { Ok(text) }
}

/// The separator that stands most often in the first line, outside of quotation marks.
fn separator(text: &str) -> u8 {
    let mut quoted = false;
    let (mut semicolons, mut commas, mut tabs) = (0_usize, 0_usize, 0_usize);
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'\n' | b'\r' => break,
            b';' => semicolons += 1,
            b',' => commas += 1,
            b'\t' => tabs += 1,
            _ => {}
        }
    }
    if tabs > semicolons && tabs > commas {
        b'\t'
    } else if commas > semicolons {
        b','
    } else {
        b';'
    }
}

fn from_csv(text: &str, rows: &mut Rows) -> Result<(), TableError> {
    // «sep=;» is how Excel is told; it is no row.
    let told = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    let (separator, text, skipped) = match text.split_once('\n') {
        Some((first, rest)) if told => {
            (first.bytes().nth(4).filter(u8::is_ascii).unwrap_or(b';'), rest, 1_usize)
        }
        _ => (separator(text), text, 0),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let (mut counted, mut ends) = (0_usize, skipped);
    while reader.read_record(&mut record).map_err(|_| TableError::NotATable)? {
        // A record is said to begin at the empty lines before it.
        let start = record.position().map_or(0, |place| usize::try_from(place.byte()).unwrap_or(usize::MAX));
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let begin = start + rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let passed = text.as_bytes().get(counted..begin).unwrap_or_default();
        ends += passed.iter().filter(|byte| **byte == b'\n').count();
        counted = begin;
        let line = line_after(ends);
        let filled = record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
        let width = filled.last().map_or(0, |(last, _)| last + 1);
        if width > rows.limits.columns {
            return Err(TableError::TooManyColumns(rows.limits.columns, line));
        }
        let cells = record.iter().take(width).map(|cell| rows.cell(cell, line)).collect::<Result<_, _>>()?;
        rows.push(line, cells)?;
    }
    Ok(())
}

// ---- XLSX --------------------------------------------------------------------------------------------------

/// Unfolds every part into nothing, and counts: what a header says of sizes is what its author liked to say.
fn unfolds_within_limit(bytes: &[u8]) -> Result<(), TableError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| TableError::Damaged)?;
    if archive.len() > MAX_PARTS {
        return Err(TableError::TooLarge);
    }
    let mut left = MAX_UNFOLDED;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(_) => TableError::Protected,
            _ => TableError::Damaged,
        })?;
        let unfolded = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let unfolded = unfolded.map_err(|_| TableError::Damaged)?;
        left = left.checked_sub(unfolded).ok_or(TableError::TooLarge)?;
    }
    Ok(())
}

fn from_xlsx(bytes: &[u8], rows: &mut Rows) -> Result<(), TableError> {
    unfolds_within_limit(bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_| TableError::Damaged)?;
    let sheet = book
        .sheets_metadata()
        .iter()
        .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .ok_or(TableError::NoSheet)?;
    // Cell by cell: a range would have a place for every cell between the first and the last.
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(|_| TableError::Damaged)?;
    let mut now: Option<(u32, Vec<String>)> = None;
    while let Some(cell) = reader.next_cell().map_err(|_| TableError::Damaged)? {
        let (row, column) = cell.get_position();
        let line = row.saturating_add(1);
        let value = shown(cell.get_value());
        let value = rows.cell(&value, line)?;
        if value.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= rows.limits.columns {
            return Err(TableError::TooManyColumns(rows.limits.columns, line));
        }
        match &mut now {
            Some((at, _)) if *at > line => return Err(TableError::Damaged),
            Some((at, cells)) if *at == line => put(cells, column, value),
            _ => {
                if let Some((at, cells)) = now.take() {
                    rows.push(at, cells)?;
                }
                let mut cells = Vec::new();
                put(&mut cells, column, value);
                now = Some((line, cells));
            }
        }
    }
    match now {
        Some((at, cells)) => rows.push(at, cells),
        None => Ok(()),
    }
}

fn put(cells: &mut Vec<String>, column: usize, value: String) {
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    if let Some(cell) = cells.get_mut(column) {
        *cell = value;
    }
}

/// A cell as its author sees it; of a formula what it gave when the file was saved.
fn shown<'a>(value: &'a DataRef<'_>) -> Cow<'a, str> {
    match value {
        DataRef::Empty => Cow::Borrowed(""),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cow::Borrowed(text.as_str())
        }
        DataRef::SharedString(text) => Cow::Borrowed(text),
        DataRef::Int(number) => Cow::Owned(number.to_string()),
        // Whole numbers are written without a point and without an exponent.
        DataRef::Float(number) => Cow::Owned(number.to_string()),
        DataRef::Bool(true) => Cow::Borrowed("да"),
        DataRef::Bool(false) => Cow::Borrowed("нет"),
        DataRef::DateTime(moment) => match moment.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => Cow::Owned(at.date().to_string()),
            Some(at) => Cow::Owned(at.to_string()),
            None => Cow::Owned(moment.as_f64().to_string()),
        },
        DataRef::Error(_) => Cow::Borrowed("#ОШИБКА"),
    }
}

#[cfg(test)]
mod tests;
