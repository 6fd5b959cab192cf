//! The cards that may be the person's: by the e-mail, СНИЛС, the surname and its misspellings, the first name.

use epos_shared::api::mismatches::{LikelyCard, MismatchField};
use epos_shared::values::{Email, FullName, Snils};

use crate::kontingent::PersonOfCard;
use crate::kontingent::likeness::typos;

/// Cards at most.
const MOST: usize = 10;

/// What Госуслуги say.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub name: &'a FullName,
    pub email: Option<&'a str>,
    pub snils: Option<&'a Snils>,
}

/// The likely ones of some cards, the likeliest first.
pub(super) fn likely(told: &Told<'_>, cards: Vec<PersonOfCard>) -> Vec<LikelyCard> {
    let mut scored: Vec<(u32, PersonOfCard)> =
        cards.into_iter().map(|card| (score(told, &card), card)).filter(|(score, _)| *score > 0).collect();
    scored.sort_by_key(|(score, card)| (std::cmp::Reverse(*score), card.id));
    scored.truncate(MOST);
    let shown = |(_, card): (u32, PersonOfCard)| LikelyCard {
        id: card.id.into(),
        differs: differs(told, &card),
        name: card.name,
        email: card.email,
        is_bound: card.is_bound,
    };
    scored.into_iter().map(shown).collect()
}

fn key(email: Option<&str>) -> Option<String> {
    email.and_then(|email| email.parse::<Email>().ok()).map(|email| email.key())
}

fn score(told: &Told<'_>, card: &PersonOfCard) -> u32 {
    let mut score = 0;
    let email = key(told.email);
    if email.is_some() && email == key(card.email.as_deref()) {
        score += 100;
    }
    if told.snils.is_some() && told.snils == card.snils.as_ref() {
        score += 100;
    }
    let [family, given, patronymic] = told.name.part_keys();
    let [own_family, own_given, own_patronymic] = card.name.part_keys();
    let (has_given, has_patronymic) = (given == own_given, patronymic == own_patronymic);
    if family == own_family {
        score += 40;
    } else if typos(&family, &own_family).is_some() {
        score += 30;
    } else if family == own_given && given == own_family {
        // Typed into each other's field.
        score += 40;
    } else if !(has_given && has_patronymic && told.name.patronymic.is_some()) && score == 0 {
        return 0;
    }
    score + if has_given { 20 } else { 0 } + if has_patronymic { 10 } else { 0 }
}

fn differs(told: &Told<'_>, card: &PersonOfCard) -> Vec<MismatchField> {
    let [family, given, patronymic] = told.name.part_keys();
    let [own_family, own_given, own_patronymic] = card.name.part_keys();
    let snils_differ = matches!((told.snils, &card.snils), (Some(told), Some(own)) if told != own);
    [
        (MismatchField::FamilyName, family != own_family),
        (MismatchField::GivenName, given != own_given),
        (MismatchField::Patronymic, patronymic != own_patronymic),
        (MismatchField::Email, key(told.email) != key(card.email.as_deref())),
        (MismatchField::Snils, snils_differ),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::types::Id;

    fn name(text: &str) -> FullName {
        let mut parts = text.split(' ').map(|part| part.parse().unwrap());
        FullName {
            family_name: parts.next().unwrap(),
            given_name: parts.next().unwrap(),
            patronymic: parts.next(),
        }
    }

    fn card(number: u128, text: &str, email: &str) -> PersonOfCard {
        PersonOfCard {
            id: Id(uuid::Uuid::from_u128(number)),
            name: name(text),
            email: Some(email.to_owned()),
            snils: None,
            is_bound: false,
        }
    }

    #[test]
    fn the_likeliest_stand_first_and_strangers_nowhere() {
        let person = name("Королёва Алёна Игоревна");
        let told = Told { name: &person, email: Some("koroleva@mail.ru"), snils: None };
        let found = likely(
            &told,
            vec![
                card(1, "Сидоров Пётр Ильич", "p@mail.ru"),
                card(2, "Каралева Алена Игоревна", "k@mail.ru"),
                card(3, "Мухина Алена Игоревна", "m@mail.ru"),
                card(4, "Алёна Королёва", "a@mail.ru"),
                card(5, "Иванова Анна", "Koroleva@Mail.ru"),
                card(6, "Королева Алена Игоревна", "other@mail.ru"),
            ],
        );
        let order: Vec<u128> = found.iter().map(|card| card.id.0.as_u128()).collect();
        assert_eq!(order, [5, 6, 2, 4, 3]);
        use MismatchField as Field;
        assert_eq!(found[1].differs, [Field::Email]);
        assert_eq!(found[2].differs, [Field::FamilyName, Field::Email]);
        assert_eq!(found[0].differs, [Field::FamilyName, Field::GivenName, Field::Patronymic]);
    }
}
