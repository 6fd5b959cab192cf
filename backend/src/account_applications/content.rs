//! What a file is, judged by its bytes: never by its name, nor by what its sender calls it.
//!
//! This keeps out what is no scan at all, what has broken off, and files that are two things at once. It is no search
//! for viruses: whoever opens a file does so with a program that expects strangers' files.

use std::io::{self, Read, Seek, SeekFrom};

use epos_shared::api::account_applications::{AccountApplicationError as Wrong, FileKind};

/// The longest end of an archive (ZIP): its record and its remark.
const ARCHIVE_END: u64 = 22 + 65_535;
/// Where the end of a PDF is looked for.
const PDF_END: u64 = 2_048;
/// Parts of an image before its picture at most.
const PARTS: usize = 100_000;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Judges a file of that size.
///
/// # Errors
/// It cannot be read.
pub(super) fn judge(file: &mut (impl Read + Seek), size: u64) -> io::Result<Result<FileKind, Wrong>> {
    if size == 0 {
        return Ok(Err(Wrong::FileEmpty));
    }
    let start = piece(file, 0, size.min(8))?;
    let (kind, verdict) = if start.starts_with(b"%PDF-") {
        (FileKind::Pdf, pdf(file, size)?)
    } else if start.starts_with(b"\xff\xd8\xff") {
        (FileKind::Jpeg, jpeg(file, size)?)
    } else if start == PNG {
        (FileKind::Png, png(file, size)?)
    } else {
        return Ok(Err(Wrong::FileUnknown));
    };
    if let Err(wrong) = verdict {
        return Ok(Err(wrong));
    }
    // Programs for archives read a file from its end: before it may stand anything, also a whole scan.
    if contains(&end(file, size, ARCHIVE_END)?, b"PK\x05\x06") {
        return Ok(Err(Wrong::FileMixed));
    }
    Ok(Ok(kind))
}

fn piece(file: &mut (impl Read + Seek), from: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn end(file: &mut (impl Read + Seek), size: u64, length: u64) -> io::Result<Vec<u8>> {
    piece(file, size.saturating_sub(length), length)
}

fn place_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    place_of(bytes, wanted).is_some()
}

/// A version at the beginning, the place of the table and the mark of the end at the end.
fn pdf(file: &mut (impl Read + Seek), size: u64) -> io::Result<Result<(), Wrong>> {
    let is_version = matches!(
        piece(file, 5, 3)?.as_slice(),
        [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit()
    );
    let end = end(file, size, PDF_END)?;
    let is_whole = is_version && contains(&end, b"startxref") && contains(&end, b"%%EOF");
    Ok(if is_whole { Ok(()) } else { Err(Wrong::FileDamaged) })
}

/// Parts up to the picture, among them its measures; the mark of the end behind it.
fn jpeg(file: &mut (impl Read + Seek), size: u64) -> io::Result<Result<(), Wrong>> {
    let damaged = Ok(Err(Wrong::FileDamaged));
    let (mut at, mut is_measured) = (2, false);
    for _ in 0..PARTS {
        let head = piece(file, at, 9)?;
        let [0xff, kind, high, low, rest @ ..] = head.as_slice() else { return damaged };
        if *kind == 0xff {
            at += 1;
            continue;
        }
        let length = u64::from(u16::from_be_bytes([*high, *low]));
        if length < 2 || at + 2 + length > size {
            return damaged;
        }
        match kind {
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                let [_, tall, height, wide, width] = rest else { return damaged };
                is_measured = (*tall, *height) != (0, 0) && (*wide, *width) != (0, 0);
            }
            0xda => {
                // Telephones write more behind the picture; where it ends it must have an end.
                let from = (at + 2 + length).max(size.saturating_sub(ARCHIVE_END));
                let is_ended = contains(&piece(file, from, size - from)?, b"\xff\xd9");
                return Ok(if is_measured && is_ended { Ok(()) } else { Err(Wrong::FileDamaged) });
            }
            _ => {}
        }
        at += 2 + length;
    }
    damaged
}

/// Parts from the measures to the end, whose lengths come out at the last byte.
fn png(file: &mut (impl Read + Seek), size: u64) -> io::Result<Result<(), Wrong>> {
    let damaged = Ok(Err(Wrong::FileDamaged));
    let (mut at, mut is_first, mut has_picture) = (8, true, false);
    for _ in 0..PARTS {
        let head = piece(file, at, 16)?;
        let [a, b, c, d, kind @ ..] = head.as_slice() else { return damaged };
        let length = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
        let next = at + 12 + length;
        let (Some(kind), Some(measures)) = (kind.get(..4), kind.get(4..)) else { return damaged };
        if next > size || !kind.iter().all(u8::is_ascii_alphabetic) {
            return damaged;
        }
        match kind {
            b"IHDR" if is_first && length == 13 => {
                let is_measured = measures.chunks(4).all(|number| number.iter().any(|byte| *byte != 0));
                if measures.len() < 8 || !is_measured {
                    return damaged;
                }
            }
            _ if is_first => return damaged,
            b"IDAT" => has_picture = true,
            b"IEND" => {
                return Ok(match (has_picture, next == size) {
                    (true, true) => Ok(()),
                    (true, false) => Err(Wrong::FileMixed),
                    (false, _) => Err(Wrong::FileDamaged),
                });
            }
            _ => {}
        }
        is_first = false;
        at = next;
    }
    damaged
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn judged(bytes: &[u8]) -> Result<FileKind, Wrong> {
        judge(&mut Cursor::new(bytes), u64::try_from(bytes.len()).unwrap()).unwrap()
    }

    fn pdf_file() -> Vec<u8> {
        let mut bytes = b"%PDF-1.4\n".to_vec();
        bytes.extend(std::iter::repeat_n(b' ', 5_000));
        bytes.extend_from_slice(b"startxref\n9\n%%EOF\n");
        bytes
    }

    fn jpeg_file() -> Vec<u8> {
        let mut bytes = b"\xff\xd8".to_vec();
        bytes.extend_from_slice(b"\xff\xe0\x00\x04JF");
        bytes.extend_from_slice(b"\xff\xc0\x00\x08\x08\x00\x10\x00\x10\x01");
        bytes.extend_from_slice(b"\xff\xda\x00\x02picture\xff\xd9");
        bytes
    }

    fn part(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }

    fn png_file() -> Vec<u8> {
        let measures = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];
        [PNG.to_vec(), part(b"IHDR", &measures), part(b"IDAT", b"picture"), part(b"IEND", b"")].concat()
    }

    /// An empty archive.
    fn archive() -> Vec<u8> {
        let mut bytes = b"PK\x05\x06".to_vec();
        bytes.extend_from_slice(&[0; 18]);
        bytes
    }

    #[test]
    fn scans_are_known_by_their_bytes() {
        assert_eq!(judged(&pdf_file()), Ok(FileKind::Pdf));
        assert_eq!(judged(&jpeg_file()), Ok(FileKind::Jpeg));
        assert_eq!(judged(&png_file()), Ok(FileKind::Png));
        let mut of_telephone = jpeg_file();
        of_telephone.extend_from_slice(b"SEFHe\x00\x00\x00");
        assert_eq!(judged(&of_telephone), Ok(FileKind::Jpeg));
    }

    #[test]
    fn what_is_no_scan_is_not_taken() {
        assert_eq!(judged(b""), Err(Wrong::FileEmpty));
        let zip = [b"PK\x03\x04".to_vec(), vec![0; 100], archive()].concat();
        for bytes in [
            zip.as_slice(),
            b"MZ\x90\x00",
            b"GIF89a",
            b"<html><script>alert(1)</script>",
            b"\n%PDF-1.4\nstartxref\n%%EOF",
            b"\xef\xbb\xbf%PDF-1.4",
            b"%",
            b"\xff\xd8",
            b"\x89PNG",
        ] {
            assert_eq!(judged(bytes), Err(Wrong::FileUnknown), "{bytes:?}");
        }
    }

    #[test]
    fn what_has_broken_off_is_told() {
        for whole in [pdf_file(), jpeg_file(), png_file()] {
            for length in 8..whole.len() - 8 {
                assert_eq!(judged(&whole[..length]), Err(Wrong::FileDamaged), "{length} of {}", whole.len());
            }
        }
        assert_eq!(judged(b"%PDF-<script>startxref %%EOF"), Err(Wrong::FileDamaged));
        let mut endless = b"\xff\xd8".to_vec();
        endless.extend(std::iter::repeat_n(0xff, 300_000));
        assert_eq!(judged(&endless), Err(Wrong::FileDamaged));
    }

    #[test]
    fn a_file_that_is_two_is_not_taken() {
        for scan in [pdf_file(), jpeg_file(), png_file()] {
            assert_eq!(judged(&[scan, archive()].concat()), Err(Wrong::FileMixed));
        }
        // The end of the PDF as the remark of the archive.
        let hidden = [pdf_file(), archive(), b"startxref\n9\n%%EOF".to_vec()].concat();
        assert_eq!(judged(&hidden), Err(Wrong::FileMixed));
    }
}
