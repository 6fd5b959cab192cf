//! The sample file: the headings that are understood, and two people.

use csv::QuoteStyle;
use epos_shared::api::bulk::FileFormat;
use epos_shared::api::import::ImportField;

use crate::error::ApiError;
use crate::tables::{self, BookWriter, Line};

const FIELDS: [ImportField; 11] = [
    ImportField::FamilyName,
    ImportField::GivenName,
    ImportField::Patronymic,
    ImportField::Email,
    ImportField::Organization,
    ImportField::Inn,
    ImportField::Kpp,
    ImportField::Role,
    ImportField::Start,
    ImportField::End,
    ImportField::Note,
];

/// The file.
pub(super) fn file(
    format: FileFormat,
    organization: &str,
    role: &str,
    today: &str,
) -> Result<Vec<u8>, ApiError> {
    let headings = FIELDS.map(ImportField::title);
    let row = |cells: [&str; 11]| cells.map(str::to_owned).to_vec();
    let lines: Vec<Line> = vec![
        row([
            "Иванова",
            "Анна",
            "Сергеевна",
            "ivanova@example.ru",
            organization,
            "",
            "",
            role,
            today,
            "",
            "",
        ]),
        row([
            "Ким",
            "Ли",
            "",
            "kim@example.ru",
            organization,
            "",
            "",
            role,
            today,
            "31.08.2030",
            "Без отчества",
        ]),
    ];
    match format {
        FileFormat::Csv => {
            let mut bytes = tables::csv_head(&headings, QuoteStyle::Necessary)?;
            bytes.extend(tables::csv_lines(&lines, QuoteStyle::Necessary)?);
            Ok(bytes)
        }
        FileFormat::Xlsx => {
            let mut bytes = Vec::new();
            let mut file = BookWriter::new(&headings)?.with(&lines)?.into_file()?;
            std::io::Read::read_to_end(&mut file, &mut bytes).map_err(ApiError::internal)?;
            Ok(bytes)
        }
    }
}
