//! How easily a password is guessed. One check for the meter of the browser and for the server's decision; the
//! server (`tables`) only knows more common words.
//!
//! A password is cut into the pieces that a guesser would put it together from: common words, rows of keys,
//! repetitions, years, what the person is known by, and what is left, character by character. The cheapest cut
//! counts. Words are compared by the keys they are typed with, so that «йцукен» and `qwerty`, «пароль» and
//! `gfhjkm` are one.

use crate::search::search_tokens;

/// Tenths of a bit from which on a password is taken.
const ENOUGH: u32 = 260;
/// Tenths of a bit of a good one.
const GOOD: u32 = 380;
/// Tenths of a bit of a very good one.
const BEST: u32 = 500;

/// The shortest word, row or repetition that counts as one.
const SHORTEST: usize = 3;
/// More characters are not looked at: the answer is the same.
const MAX_LENGTH: usize = 128;

/// Common words, of which passwords are made.
const STEMS: &str = include_str!("stems.txt");
/// More of them, where there is room.
#[cfg(feature = "tables")]
const MORE: &str = include_str!("common.txt");
#[cfg(not(feature = "tables"))]
const MORE: &str = "";

/// Letters of the Russian layout and the keys they lie on.
const LETTERS: &str = "йцукенгшщзхъфывапролджэячсмитьбю";
const KEYS: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";

/// Ways a finger or a child's memory goes; each also backwards.
const ROWS: [&str; 11] = [
    "1234567890-=",
    "!@#$%^&*()_+",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujm",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
];

/// What makes a password weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Too little of anything.
    Plain,
    /// A word that everybody tries first.
    Common,
    /// A row of keys, of digits, of the alphabet.
    Row,
    /// The same again.
    Repeated,
    /// A year.
    Year,
    /// What the person is known by.
    Personal,
}

/// How good a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// 0–4; below [`Strength::TAKEN`] it is refused.
    pub score: u8,
    /// What is weakest about it.
    pub weakness: Weakness,
}

impl Strength {
    /// The least score of a password that is taken.
    pub const TAKEN: u8 = 2;

    /// A short sentence for the person who types.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match (self.score, self.weakness) {
            (4.., _) => "Надёжный пароль",
            (3, _) => "Хороший пароль",
            (2, _) => "Годится. Ещё одно слово — и пароль станет надёжным",
            (_, Weakness::Common) => "Такие слова подбирают первыми: добавьте другие",
            (_, Weakness::Row) => "Знаки подряд угадать легко: возьмите несколько слов",
            (_, Weakness::Repeated) => "Повторы пароль не усиливают: добавьте другие слова",
            (_, Weakness::Year) => "Год угадать легко: добавьте несколько слов",
            (_, Weakness::Personal) => "Имя и e-mail угадать легко: возьмите другие слова",
            (_, Weakness::Plain) => "Слишком просто: добавьте слово-другое",
        }
    }
}

/// A piece that begins somewhere.
#[derive(Clone, Copy)]
struct Piece {
    length: usize,
    cost: u32,
    kind: Weakness,
}

/// How good a password is, for somebody who is `known` by these names and addresses.
#[must_use]
pub fn strength(text: &str, known: &[&str]) -> Strength {
    let typed: Vec<char> = text.chars().take(MAX_LENGTH).collect();
    let keys: Vec<char> = typed.iter().map(|c| key(*c)).collect();
    let mut pieces: Vec<Vec<Piece>> = vec![Vec::new(); keys.len()];
    for word in STEMS.split_whitespace().chain(MORE.split_whitespace()) {
        find_word(&keys, word, 80, Weakness::Common, &mut pieces);
    }
    for word in known.iter().flat_map(|text| search_tokens(text)) {
        find_word(&keys, &word, 10, Weakness::Personal, &mut pieces);
    }
    for row in ROWS {
        let mut row: Vec<char> = row.chars().map(key).collect();
        find_row(&keys, &row, &mut pieces);
        row.reverse();
        find_row(&keys, &row, &mut pieces);
    }
    find_repeated(&keys, &mut pieces);
    find_years(&keys, &mut pieces);
    let (cost, weakness) = cheapest(&typed, &pieces);
    let score = match cost + capitals(&typed) {
        BEST.. => 4,
        GOOD.. => 3,
        ENOUGH.. => 2,
        150.. => 1,
        _ => 0,
    };
    Strength { score, weakness }
}

/// The key a character is typed with; ё counts as е.
fn key(c: char) -> char {
    let c = c.to_lowercase().next().unwrap_or(c);
    let c = if c == 'ё' { 'е' } else { c };
    LETTERS.chars().zip(KEYS.chars()).find(|(letter, _)| *letter == c).map_or(c, |(_, key)| key)
}

/// Whether a key may stand for that of a word: also what looks alike, in either alphabet.
fn fits(typed: char, wanted: char) -> bool {
    let alike = match typed {
        '0' => "oj",
        '1' | '!' => "il",
        '3' => "ep",
        '4' => "ax",
        '5' | '$' => "s",
        '6' => "b,",
        '7' => "t",
        '8' => "bd",
        '@' => "af",
        _ => "",
    };
    typed == wanted || alike.contains(wanted)
}

fn push(pieces: &mut [Vec<Piece>], at: usize, piece: Piece) {
    if let Some(pieces) = pieces.get_mut(at) {
        pieces.push(piece);
    }
}

fn find_word(keys: &[char], word: &str, cost: u32, kind: Weakness, pieces: &mut [Vec<Piece>]) {
    let word: Vec<char> = word.chars().map(key).collect();
    if word.len() < SHORTEST {
        return;
    }
    for (at, window) in keys.windows(word.len()).enumerate() {
        if window.iter().zip(&word).all(|(typed, wanted)| fits(*typed, *wanted)) {
            push(pieces, at, Piece { length: word.len(), cost, kind });
        }
    }
}

fn find_row(keys: &[char], row: &[char], pieces: &mut [Vec<Piece>]) {
    for at in 0..keys.len() {
        for start in 0..row.len() {
            let length = common(keys.get(at..), row.get(start..));
            if length >= SHORTEST {
                let cost = 50 + 2 * u32::try_from(length).unwrap_or(u32::MAX);
                push(pieces, at, Piece { length, cost, kind: Weakness::Row });
            }
        }
    }
}

fn find_repeated(keys: &[char], pieces: &mut [Vec<Piece>]) {
    for at in 1..keys.len() {
        let longest = (0..at).map(|before| common(keys.get(before..), keys.get(at..))).max().unwrap_or(0);
        if longest >= SHORTEST {
            let cost = 40 + u32::try_from(longest).unwrap_or(u32::MAX);
            push(pieces, at, Piece { length: longest, cost, kind: Weakness::Repeated });
        }
    }
}

fn find_years(keys: &[char], pieces: &mut [Vec<Piece>]) {
    for (at, window) in keys.windows(4).enumerate() {
        let of_our_time = matches!(window, ['1', '9', ..] | ['2', '0', ..]);
        if of_our_time && window.iter().all(char::is_ascii_digit) {
            push(pieces, at, Piece { length: 4, cost: 60, kind: Weakness::Year });
        }
    }
}

/// How many characters two texts begin with in common.
fn common(one: Option<&[char]>, other: Option<&[char]>) -> usize {
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// The cheapest cut, and what its longest piece is.
fn cheapest(typed: &[char], pieces: &[Vec<Piece>]) -> (u32, Weakness) {
    // For each place: the cost so far, the longest piece so far.
    let mut best: Vec<(u32, usize, Weakness)> = vec![(u32::MAX, 0, Weakness::Plain); typed.len() + 1];
    if let Some(first) = best.first_mut() {
        first.0 = 0;
    }
    for (at, own) in pieces.iter().enumerate() {
        let Some(&(before, longest, kind)) = best.get(at) else { break };
        let single = Piece { length: 1, cost: alone(typed, at), kind: Weakness::Plain };
        for piece in own.iter().chain([&single]) {
            let cost = before.saturating_add(piece.cost);
            if let Some(reached) = best.get_mut(at + piece.length)
                && cost < reached.0
            {
                let longer = piece.kind != Weakness::Plain && piece.length > longest;
                *reached = if longer { (cost, piece.length, piece.kind) } else { (cost, longest, kind) };
            }
        }
    }
    best.last().map_or((0, Weakness::Plain), |(cost, _, kind)| (*cost, *kind))
}

/// What kind of character it is, as far as guessing goes.
fn class(c: char) -> u8 {
    if c.is_numeric() {
        0
    } else if c.is_alphabetic() {
        1
    } else {
        2
    }
}

/// The cost of one character: less within a word or a number, which are no accident.
fn alone(typed: &[char], at: usize) -> u32 {
    let Some(c) = typed.get(at) else { return 0 };
    let alike = |other: &&char| class(**other) == class(*c);
    let before = typed.iter().take(at).rev().take_while(alike).count();
    let run = before + typed.iter().skip(at).take_while(alike).count();
    match (class(*c), run) {
        (0, 1) => 33,
        (0, _) => 22,
        (1, 4..) => 30,
        (1, _) => 47,
        // The sign that parts the words is drawn once.
        _ if typed.iter().take(at).any(|other| other == c) => 10,
        _ => 35,
    }
}

/// What capitals add: little at the beginning or everywhere, more where they are an accident.
fn capitals(typed: &[char]) -> u32 {
    let count = typed.iter().filter(|c| c.is_uppercase()).count();
    let letters = typed.iter().filter(|c| c.is_alphabetic()).count();
    if count == 0 {
        0
    } else if count == letters || (count == 1 && typed.first().is_some_and(|c| c.is_uppercase())) {
        10
    } else {
        10 * u32::try_from(count.min(6)).unwrap_or(6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEAK: [&str; 52] = [
        "йцукен12345",
        "Йцукен2026",
        "йцукенгшщз",
        "Пароль12345",
        "пароль2026!",
        "пар0ль2026",
        "gfhjkm2026",
        "Gfhjkm12345",
        "qwerty12345",
        "Qwerty2026!",
        "qwertyuiop",
        "QWERTYuiop123",
        "qwertyqwerty",
        "Qwerty-Zxcvbn",
        "password2026",
        "P@ssw0rd2026",
        "зфыыцщкв2026",
        "ghbdtn12345",
        "привет12345",
        "1234567890",
        "0987654321",
        "12345678910",
        "123123123123",
        "7777777777",
        "89172645307",
        "12.05.1985",
        "01011985ivan",
        "абвгдежзий",
        "abcdefghij",
        "abcabcabcabc",
        "1qaz2wsx3edc",
        "zaq12wsxcde3",
        "q1w2e3r4t5",
        "1q2w3e4r5t6y",
        "qazwsxedcrfv",
        "!@#$%^&*()",
        "фывапролдж",
        "ячсмитьбю1",
        "Иванова1985",
        "Смирнов2001",
        "Наталья1978!",
        "солнышко2020",
        "Солнышко12345",
        "люблюмаму1",
        "школа2026!",
        "Школа12345",
        "Учитель2026",
        "Январь2026!",
        "Зима2026Зима",
        "admin12345",
        "administrator1",
        "эпосэпос2026",
    ];

    const FIT: [&str; 14] = [
        "Kama-Sylva-2026",
        "верный пароль",
        "четыре слова подряд",
        "жёлтый трамвай едет в гости",
        "гроза над Колвой в мае",
        "Сосна-Ручей-Камень",
        "тишинаинебоволн",
        "correct horse battery staple",
        "aB3$kL9#mQ2x",
        "gkdtrwqpzx",
        "зонтик7варит#борщ",
        "Дом у третьей сосны",
        "Четыре весёлых чижа",
        "пять синих чашек стоят",
    ];

    #[test]
    fn what_everybody_tries_first_is_weak() {
        for text in WEAK {
            let strength = strength(text, &[]);
            assert!(strength.score < Strength::TAKEN, "{text}: {strength:?}");
            assert!(strength.hint().len() > 10);
        }
    }

    #[test]
    fn phrases_and_chance_are_taken() {
        for text in FIT {
            assert!(strength(text, &[]).score >= Strength::TAKEN, "{text}: {:?}", strength(text, &[]));
        }
        for text in ["жёлтый трамвай едет в гости", "correct horse battery staple"] {
            assert_eq!(strength(text, &[]).score, 4, "{text}");
        }
    }

    #[test]
    fn what_the_person_is_known_by_adds_nothing() {
        let known = ["Щербакова Ульяна Ильинична", "uischerbakova_1", "scherbakova@mail.ru"];
        for text in ["Щербакова1985", "Ульяна-Ильинична", "uischerbakova_1!", "scherbakova-mail"]
        {
            assert!(strength(text, &known).score < Strength::TAKEN, "{text}: {:?}", strength(text, &known));
        }
        for text in ["Щербакова любит сосны", "синий чайник и Ульяна"] {
            assert!(strength(text, &known).score >= Strength::TAKEN, "{text}: {:?}", strength(text, &known));
        }
        assert_eq!(strength("Щербакова1985", &known).weakness, Weakness::Personal);
        assert!(strength("Щербакова1985", &[]).score >= 2);
    }

    #[test]
    fn more_of_anything_is_never_worse() {
        let mut last = 0;
        let phrase = "жёлтый трамвай едет в гости к сестре";
        for (length, _) in phrase.char_indices().skip(1) {
            let score = strength(&phrase[..length], &[]).score;
            assert!(score + 1 >= last, "{}", &phrase[..length]);
            last = score;
        }
        assert_eq!(last, 4);
        assert_eq!(strength("", &[]), Strength { score: 0, weakness: Weakness::Plain });
    }
}
