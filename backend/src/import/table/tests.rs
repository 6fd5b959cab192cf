//! Tables as Excel writes them, and as nobody should.

use std::io::Write as _;

use proptest::prelude::*;
use rust_xlsxwriter::{Formula, Workbook};
use zip::write::SimpleFileOptions;

use super::*;

const LIMITS: Limits = Limits { rows: 100, columns: 20, cell: 200 };

fn table(bytes: impl AsRef<[u8]>) -> Result<Table, TableError> {
    read(bytes.as_ref(), LIMITS)
}

fn rows(table: &Table) -> Vec<(u32, Vec<&str>)> {
    table.rows.iter().map(|row| (row.line, row.cells.iter().map(String::as_str).collect())).collect()
}

#[test]
fn separators_and_encodings_are_told_apart() {
    let expected = vec![(2, vec!["Ёлкина", "Анна"]), (3, vec!["Ким", ""])];
    for separator in [";", ",", "\t"] {
        let text = format!("Фамилия{separator}Имя\r\nЁлкина{separator} Анна \r\nКим\r\n");
        let marked = format!("\u{feff}{text}");
        let (old, _, _) = WINDOWS_1251.encode(&text);
        let mut wide: Vec<u8> = b"\xFF\xFE".to_vec();
        wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        for bytes in [text.as_bytes(), marked.as_bytes(), &old, &wide] {
            let table = table(bytes).unwrap();
            assert_eq!(table.headings, ["Фамилия", "Имя"]);
            assert_eq!(rows(&table), expected);
        }
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let text = "\n\nФамилия;Примечание\n\n\nКим;\"одна\nдве;три\"\n;;\nЛи;\"о \"\"нём\"\"\"\n";
    let table = table(text).unwrap();
    assert_eq!(rows(&table), [(6, vec!["Ким", "одна\nдве;три"]), (9, vec!["Ли", "о \"нём\""])]);
    let told = read("sep=,\nА,Б;В\n1,2\n".as_bytes(), LIMITS).unwrap();
    assert_eq!((told.headings.len(), told.rows[0].line), (2, 3));
}

#[test]
fn what_is_no_table_is_refused_with_a_reason() {
    let long = "x".repeat(201);
    for (bytes, expected) in [
        (Vec::new(), TableError::Empty),
        (b"\xEF\xBB\xBF \n;;\n".to_vec(), TableError::Empty),
        ("А;Б\n".into(), TableError::Empty),
        (b"a;b\n1\x002;3\n".to_vec(), TableError::NotATable),
        (b"\x89PNG\r\n\x1a\n\x00\x00".to_vec(), TableError::NotATable),
        (COMPOUND.to_vec(), TableError::OldFormat),
        (b"PK\x03\x04nonsense".to_vec(), TableError::Damaged),
        ("А;Б\n1;2;3\n".into(), TableError::BeyondHeadings(2)),
        (format!("А;Б\n1;2\n3;{long}\n").into(), TableError::CellTooLong(200, 3)),
        (format!("А;Б\n1;\"{long}\n3;4\n").into(), TableError::CellTooLong(200, 2)),
        (format!("{}\n1\n", ";x".repeat(200)).into(), TableError::TooManyColumns(20, 1)),
        (format!("А\n{}", "1\n".repeat(101)).into(), TableError::TooManyRows(100)),
        // The rest is UTF-8.
        ([&"Фамилия;Имя\nИванова;".as_bytes(), &b"\xC0\n"[..]].concat(), TableError::Unreadable(2)),
        // «Фамилия;Имя» of DOS (CP866).
        (b"\x94\xA0\xAC\xA8\xAB\xA8\xEF;\x88\xAC\xEF\n\x8A\xA8\xAC;\xA0\n".to_vec(), TableError::NotATable),
    ] {
        assert_eq!(table(&bytes), Err(expected), "{:?}", String::from_utf8_lossy(&bytes));
        assert!(!expected.message().is_empty());
    }
}

#[test]
fn ten_megabytes_of_one_line_are_refused_at_once() {
    let begun = std::time::Instant::now();
    let words = "а".repeat(5 * 1024 * 1024);
    assert_eq!(table(&words), Err(TableError::CellTooLong(200, 1)));
    assert_eq!(table(format!("А\n{words}")), Err(TableError::CellTooLong(200, 2)));
    let cells = "1;".repeat(5 * 1024 * 1024);
    assert_eq!(table(&cells), Err(TableError::TooManyColumns(20, 1)));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

fn book(fill: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

#[test]
fn a_book_is_read_as_it_is_shown() {
    let bytes = book(|sheet| {
        let date = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy");
        for (column, heading) in ["Фамилия", "Дата", "Число", "Да", "Формула"].into_iter().enumerate()
        {
            sheet.write(1, u16::try_from(column).unwrap(), heading).unwrap();
        }
        sheet.write(3, 0, "  Ёлкина ").unwrap();
        let day = rust_xlsxwriter::ExcelDateTime::parse_from_str("2026-09-01").unwrap();
        sheet.write_with_format(3, 1, &day, &date).unwrap();
        sheet.write(3, 2, 5_903_000_001_i64).unwrap();
        sheet.write(3, 3, true).unwrap();
        sheet.write(3, 4, Formula::new("=1+1").set_result("2")).unwrap();
    });
    let table = table(bytes).unwrap();
    assert_eq!(table.headings, ["Фамилия", "Дата", "Число", "Да", "Формула"]);
    assert_eq!(rows(&table), [(4, vec!["Ёлкина", "2026-09-01", "5903000001", "да", "2"])]);
}

#[test]
fn cells_far_away_cost_nothing() {
    let far = book(|sheet| {
        sheet.write(0, 0, "А").unwrap();
        sheet.write(1_048_575, 0, "1").unwrap();
    });
    assert_eq!(rows(&table(far).unwrap()), [(1_048_576, vec!["1"])]);
    let wide = book(|sheet| {
        sheet.write(0, 0, "А").unwrap();
        sheet.write(1, 16_383, "1").unwrap();
    });
    assert_eq!(table(wide), Err(TableError::TooManyColumns(20, 2)));
}

#[test]
fn a_bomb_does_not_go_off() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("xl/workbook.xml", SimpleFileOptions::default()).unwrap();
    let nothing = vec![b' '; 1024 * 1024];
    for _ in 0..100 {
        zip.write_all(&nothing).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(table(bomb), Err(TableError::TooLarge));
    // What is inside is no book, and many parts are none either.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..=MAX_PARTS {
        zip.start_file(number.to_string(), SimpleFileOptions::default()).unwrap();
    }
    assert_eq!(table(zip.finish().unwrap().into_inner()), Err(TableError::TooLarge));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    assert_eq!(table(zip.finish().unwrap().into_inner()), Err(TableError::Damaged));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), zipped: bool) {
        let bytes = if zipped { [ZIP, &bytes].concat() } else { bytes };
        let _ = table(bytes);
    }

    #[test]
    fn a_damaged_book_does_not_panic(at in 0_usize..4_000, byte: u8) {
        let mut bytes = book(|sheet| { sheet.write(0, 0, "А").unwrap(); sheet.write(1, 0, "1").unwrap(); });
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = table(bytes);
    }
}
