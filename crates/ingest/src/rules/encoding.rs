//! Which bytes these are: a workbook, a text in some encoding, or nothing that can be imported.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, KOI8_R, KOI8_U, UTF_8, UTF_16BE, UTF_16LE};

/// What the first bytes of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// XLSX, XLSM, XLSB or ODS: a ZIP archive.
    Zip,
    /// XLS: an OLE2 compound file.
    Ole,
    Text,
    Empty,
    /// Something else; the word names it for the message.
    Binary(&'static str),
}

const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
];

/// Looks at the first bytes (64 KB are plenty).
pub fn kind_of(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        return Kind::Ole;
    }
    if let Some((_, what)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Kind::Binary(what);
    }
    if Encoding::for_bom(head).is_some() || utf16_without_bom(head).is_some() {
        return Kind::Text;
    }
    let controls = head.iter().filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31)).count();
    let zeros = memchr::memchr_iter(0, head).count();
    if zeros > 0 || controls * 50 > head.len() {
        return Kind::Binary("a binary file");
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Kind::Empty;
    }
    Kind::Text
}

/// UTF-16 saved without a mark: every other byte of Latin text, digits and delimiters is zero or 4.
fn utf16_without_bom(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len().min(4096) / 2;
    if pairs < 4 {
        return None;
    }
    let (mut even, mut odd) = (0, 0);
    for pair in head.chunks_exact(2).take(pairs) {
        even += usize::from(matches!(pair[0], 0 | 4));
        odd += usize::from(matches!(pair[1], 0 | 4));
    }
    let zeros = memchr::memchr_iter(0, &head[..pairs * 2]).count();
    if zeros * 10 < pairs {
        None
    } else if odd * 10 >= pairs * 9 && even * 2 < pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 9 && odd * 2 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The encoding of a text by a sample of its bytes: a mark, valid UTF-8, else statistics of letters.
///
/// The sample should hold the first bytes of the file; `more` is a piece from the first byte that is not ASCII on.
pub fn encoding_of(head: &[u8], more: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    if let Some(encoding) = utf16_without_bom(head) {
        return encoding;
    }
    if is_mostly_utf8(head) && is_mostly_utf8(more) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, false);
    detector.feed(more, true);
    // The country code steers between the Cyrillic encodings; koi8-r is a subset of what koi8-u reads.
    let guess = detector.guess(Some(b"ua"), Utf8Detection::Deny);
    if guess == KOI8_R { KOI8_U } else { guess }
}

/// UTF-8, with at most one broken place for twenty letters beyond ASCII: one damaged row must not turn a whole file into
/// another encoding. No text in a single-byte encoding looks like this by chance.
pub fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut letters, mut broken) = (0_usize, 0_usize);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        // A character that the end of the sample cut is not broken.
        let cut = chunks.peek().is_none()
            && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
        broken += usize::from(!chunk.invalid().is_empty() && !cut);
    }
    broken * 20 <= letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{WINDOWS_1251, WINDOWS_1252};

    const UK: &str = "Номер;Дата;Покупець;Сума\r\n1;01.03.2022;Їжакевич Ганна Євгенівна;1 234,50 грн\r\n";
    const RU: &str = "Номер;Дата;Покупатель;Сумма\n1;01.03.2022;Щукина Эльвира Юрьевна;230 руб.\n";

    #[test]
    fn cyrillic_encodings_are_told_apart() {
        for text in [UK, RU] {
            for encoding in [WINDOWS_1251, KOI8_U] {
                let (bytes, _, unmappable) = encoding.encode(text);
                assert!(!unmappable);
                assert_eq!(encoding_of(&bytes, b""), encoding, "{text}");
            }
            assert_eq!(encoding_of(text.as_bytes(), b""), UTF_8);
            assert_eq!(encoding_of(&text.as_bytes()[..text.find('И').unwrap_or(9) + 1], b""), UTF_8);
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!((encoding_of(&le, b""), kind_of(&le)), (UTF_16LE, Kind::Text));
            assert_eq!((encoding_of(&be, b""), kind_of(&be)), (UTF_16BE, Kind::Text));
        }
        let mut damaged = RU.repeat(3).into_bytes();
        damaged.insert(80, 0xff);
        assert_eq!(encoding_of(&damaged, b""), UTF_8);
        let (bytes, _, _) = WINDOWS_1252.encode("Größe;Straße;Müller;François;Prénom\n1;2;3;4;5\n");
        assert_eq!(encoding_of(&bytes, b""), WINDOWS_1252);
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(kind_of(b""), Kind::Empty);
        assert_eq!(kind_of(b" \r\n\t\n"), Kind::Empty);
        assert_eq!(kind_of(b"PK\x03\x04..."), Kind::Zip);
        assert_eq!(kind_of(b"%PDF-1.7"), Kind::Binary("a PDF document"));
        assert_eq!(kind_of(&[1, 0, 7, 0, 0, 9, 200, 3]), Kind::Binary("a binary file"));
        assert_eq!(kind_of(b"a,b\n1,2\n"), Kind::Text);
    }
}
