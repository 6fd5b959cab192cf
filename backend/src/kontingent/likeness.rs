//! Whether two people who are written down may be one: the one rule of cards that are typed and of those that are
//! imported.

use epos_shared::values::{Email, FullName, Snils};

/// Letters of all words together by which a name may be misspelt.
const TYPOS: usize = 2;

/// A person as he is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Фамилия, имя, отчество: ё = е, case, spaces and hyphens fold.
    parts: [String; 3],
    email: Option<String>,
    snils: Option<Snils>,
}

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Same,
    /// Misspelt, typed into each other's fields, or without the отчество.
    Close,
    Different,
}

impl Written {
    /// A person.
    #[must_use]
    pub fn of(name: &FullName, email: Option<&Email>, snils: Option<&Snils>) -> Self {
        Self { parts: name.part_keys(), email: email.map(Email::key), snils: snils.cloned() }
    }

    fn names(&self, other: &Self) -> Names {
        if self.parts == other.parts {
            return Names::Same;
        }
        let [mine, theirs] = [self, other].map(|one| {
            let mut words: Vec<&str> = one.parts.iter().map(String::as_str).collect();
            words.sort_unstable();
            words
        });
        if mine == theirs {
            return Names::Close;
        }
        let pairs = || self.parts.iter().zip(&other.parts);
        if self.parts[2].is_empty() != other.parts[2].is_empty() {
            let is_same = pairs().take(2).all(|(one, other)| one == other);
            return if is_same { Names::Close } else { Names::Different };
        }
        let wrong: Option<usize> = pairs().map(|(one, other)| typos(one, other)).sum();
        if wrong.is_some_and(|wrong| wrong <= TYPOS) { Names::Close } else { Names::Different }
    }

    fn has_same_email(&self, other: &Self) -> bool {
        self.email.is_some() && self.email == other.email
    }

    /// Whether both may be one person, of one organization: by the same СНИЛС; by ФИО that are the same or close; by
    /// the same e-mail and two equal parts of ФИО (who has married). Two different СНИЛС are two people.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.snils, &other.snils) {
            return mine == theirs;
        }
        let is_same = |(one, other): &(&String, &String)| !one.is_empty() && one == other;
        let same = || self.parts.iter().zip(&other.parts).filter(is_same).count();
        self.names(other) != Names::Different || (self.has_same_email(other) && same() >= 2)
    }

    /// Whether both are one person wherever they are: by the same СНИЛС, or the same ФИО and e-mail.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.snils, &other.snils) {
            return mine == theirs;
        }
        self.names(other) == Names::Same && self.has_same_email(other)
    }

    /// How sure it is, for sorting: the surest first.
    #[must_use]
    pub fn rank(&self, other: &Self) -> u8 {
        match (self.is(other), self.names(other)) {
            (true, _) => 0,
            (false, Names::Same) => 1,
            (false, _) if self.has_same_email(other) => 2,
            (false, _) => 3,
        }
    }
}

/// By how many letters one word is the other misspelt; nothing where they are two words. Short words («Анна», «Инна»)
/// are not taken for each other.
#[must_use]
pub fn typos(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return Some(0);
    }
    let (one_length, other_length) = (one.chars().count(), other.chars().count());
    let forgiven = match one_length.min(other_length) {
        0..=4 => 0,
        5..=7 => 1,
        _ => TYPOS,
    };
    if one_length.abs_diff(other_length) > forgiven {
        return None;
    }
    let wrong = strsim::damerau_levenshtein(one, other);
    (wrong <= forgiven).then_some(wrong)
}

/// The letters of a name, counted: many names are passed over by them, quickly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters {
    counts: [u8; 33],
    total: usize,
}

impl Letters {
    /// Of a name as [`epos_shared::search::search_key`] writes it.
    #[must_use]
    pub fn of(name_key: &str) -> Self {
        let mut letters = Self { counts: [0; 33], total: 0 };
        for letter in name_key.chars().filter(|letter| letter.is_alphabetic()) {
            let place = u32::from(letter).checked_sub(u32::from('а')).and_then(|at| usize::try_from(at).ok());
            let place = place.filter(|at| *at < 32).unwrap_or(32);
            if let Some(count) = letters.counts.get_mut(place) {
                *count = count.saturating_add(1);
            }
            letters.total += 1;
        }
        letters
    }

    /// Whether the names may be close; false only where they are not: a misspelt letter changes two counts at most,
    /// and without its отчество a name has no letter that the whole one has not.
    #[must_use]
    pub fn may_be_close(&self, other: &Self) -> bool {
        let pairs = || self.counts.iter().zip(&other.counts);
        let differ: usize = pairs().map(|(one, other)| usize::from(one.abs_diff(*other))).sum();
        differ <= 2 * TYPOS || differ == self.total.abs_diff(other.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epos_shared::search::search_key;

    fn name(text: &str) -> FullName {
        let mut parts = text.split('/').map(|part| part.parse().unwrap());
        FullName {
            family_name: parts.next().unwrap(),
            given_name: parts.next().unwrap(),
            patronymic: parts.next(),
        }
    }

    fn person(text: &str, email: &str, snils: &str) -> Written {
        Written::of(&name(text), email.parse().ok().as_ref(), snils.parse().ok().as_ref())
    }

    #[test]
    fn names_that_may_be_one_persons() {
        let known = "Королёва-Мышкина/Анастасия/Игоревна";
        for (other, expected) in [
            ("КОРОЛЕВА Мышкина/анастасия/Игоревна", true),
            ("Королева - Мышкина/Анастасия/Игоревна", true),
            ("Каролева-Мышкина/Анастасия/Игоревна", true),
            ("Королёва-Мышкина/Анастсаия/Игоревна", true),
            ("Анастасия/Королёва-Мышкина/Игоревна", true),
            ("Королёва-Мышкина/Анастасия", true),
            ("Королёва-Мышкина/Анна/Игоревна", false),
            ("Мышкина/Анастасия/Игоревна", false),
            ("Королёва-Мышкина/Анастасия/Олеговна", false),
            ("Каралева-Мышкина/Анастосия/Игоревна", false),
        ] {
            let (one, other_person) = (person(known, "", ""), person(other, "", ""));
            assert_eq!(one.may_be(&other_person), expected, "{other}");
            assert_eq!(other_person.may_be(&one), expected, "{other}");
            let letters = |text: &str| Letters::of(&search_key(&name(text).to_string()));
            assert!(!expected || letters(known).may_be_close(&letters(other)), "passed over: {other}");
        }
    }

    #[test]
    fn short_names_and_pairs_are_not_taken_for_each_other() {
        for (one, other) in [
            ("Ким/Анна/Ивановна", "Ким/Инна/Ивановна"),
            ("Иванов/Александр/Петрович", "Иванова/Александра/Петровна"),
            ("Ли/Юн", "Ли/Ян"),
        ] {
            assert!(!person(one, "", "").may_be(&person(other, "", "")), "{one} {other}");
        }
    }

    #[test]
    fn an_email_tells_of_who_has_married_and_not_of_a_common_mailbox() {
        let before = person("Иванова/Анна/Петровна", "anna@mail.ru", "");
        assert!(before.may_be(&person("Сидорова/Анна/Петровна", "Anna@Mail.ru", "")));
        assert!(!before.may_be(&person("Сидорова/Анна/Петровна", "other@mail.ru", "")));
        assert!(!before.may_be(&person("Белов/Пётр/Ильич", "anna@mail.ru", "")));
    }

    #[test]
    fn snils_decides_where_both_have_it() {
        let (one, two) = ("112-233-445 95", "087-654-303 00");
        let of = |text, snils| person(text, "a@mail.ru", snils);
        assert!(of("Иванова/Анна", one).may_be(&of("Белов/Пётр", one)));
        assert!(of("Иванова/Анна", one).is(&of("Белов/Пётр", one)));
        assert!(!of("Иванова/Анна", one).may_be(&of("Иванова/Анна", two)));
        assert!(of("Иванова/Анна", one).is(&of("Иванова/Анна", "")));
        assert!(!person("Иванова/Анна", "a@mail.ru", "").is(&person("Иванова/Анна", "b@mail.ru", "")));
    }
}
