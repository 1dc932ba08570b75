//! Words of a customers' file in the reader's language; programs that name no language get the codes.

use super::lifecycle::Stage;
use basis::Lang;

/// Columns of the list of customers, in its order.
pub const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "city",
    "orders",
    "last_order_day",
    "stage",
    "revenue",
    "p_alive",
    "expected_orders",
    "expected_value",
    "risk",
    "value_at_risk",
    "signals",
];

const RU: [&str; 13] = [
    "Номер",
    "Имя",
    "Город",
    "Покупки",
    "Последняя покупка",
    "Стадия",
    "Выручка",
    "Вероятность, что купит ещё",
    "Ждём покупок за 12 мес.",
    "Ждём выручки за 12 мес.",
    "Риск ухода",
    "Под угрозой",
    "Признаки ухода",
];
const UK: [&str; 13] = [
    "Номер",
    "Ім’я",
    "Місто",
    "Покупки",
    "Остання покупка",
    "Стадія",
    "Виручка",
    "Імовірність, що купить ще",
    "Очікуємо покупок за 12 міс.",
    "Очікуємо виручки за 12 міс.",
    "Ризик відходу",
    "Під загрозою",
    "Ознаки відходу",
];
const EN: [&str; 13] = [
    "ID",
    "Name",
    "City",
    "Purchases",
    "Last purchase",
    "Stage",
    "Revenue",
    "Probability of buying again",
    "Purchases in the next 12 months",
    "Revenue in the next 12 months",
    "Risk of leaving",
    "Value at risk",
    "Signs of leaving",
];

#[must_use]
pub fn columns(lang: Option<Lang>) -> &'static [&'static str; 13] {
    match lang {
        None => &COLUMNS,
        Some(Lang::Ru) => &RU,
        Some(Lang::Uk) => &UK,
        Some(Lang::En) => &EN,
    }
}

#[must_use]
pub fn stage(name: &'static str, lang: Option<Lang>) -> &'static str {
    let (Some(lang), Some(stage)) = (lang, Stage::from_name(name)) else { return name };
    let words = match stage {
        Stage::None => ["Без покупок", "Без покупок", "No purchases"],
        Stage::New => ["Новый", "Новий", "New"],
        Stage::Developing => ["Развивается", "Розвивається", "Developing"],
        Stage::AtRisk => ["Под угрозой", "Під загрозою", "At risk"],
        Stage::Lapsed => ["Ушёл", "Пішов", "Lapsed"],
        Stage::Returned => ["Вернулся", "Повернувся", "Returned"],
    };
    words[lang as usize]
}

/// A sign of leaving; one that is not known here keeps its code.
#[must_use]
pub fn signal(code: &'static str, lang: Option<Lang>) -> &'static str {
    let Some(lang) = lang else { return code };
    let words = match code {
        "overdue" => ["Просрочен заказ", "Прострочене замовлення", "Overdue"],
        "past_threshold" => ["За порогом оттока", "За порогом відтоку", "Past the threshold"],
        "unlikely_alive" => ["Модель сомневается", "Модель сумнівається", "The model doubts"],
        "rhythm_broken" => ["Сбился ритм", "Збився ритм", "Rhythm broken"],
        "slowing_down" => ["Замедляется", "Сповільнюється", "Slowing down"],
        "spending_less" => ["Тратит меньше", "Витрачає менше", "Spending less"],
        "never_came_back" => ["Не вернулся после первой", "Не повернувся після першої", "Never came back"],
        "bad_experience" => ["Плохой опыт", "Поганий досвід", "Bad experience"],
        "complained" => ["Жаловались", "Скаржилися", "Complained"],
        _ => return code,
    };
    words[lang as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_codes_and_a_person_words() {
        assert_eq!((columns(None)[1], columns(Some(Lang::Uk))[1]), ("name", "Ім’я"));
        assert_eq!((stage("at_risk", None), stage("at_risk", Some(Lang::Ru))), ("at_risk", "Под угрозой"));
        assert_eq!(signal("overdue", Some(Lang::En)), "Overdue");
        assert_eq!(signal("something_new", Some(Lang::En)), "something_new");
    }
}
