//! Words by which headers name what a column means: Russian, Ukrainian, English.

use std::sync::LazyLock;

use basis::fold;

use super::role::Role;

/// Words of headers. `exact` is compared with the whole folded header, `part` is looked for inside it; the first hit
/// in this order wins, so the more special roles stand above the more general ones.
struct Words {
    role: Role,
    exact: &'static [&'static str],
    part: &'static [&'static str],
}

const WORDS: &[Words] = &[
    Words {
        role: Role::Ignore,
        exact: &["otklik_file", "otklik_line", "otklik_column", "otklik_reason"],
        part: &[],
    },
    Words {
        role: Role::OrderId,
        exact: &[
            "order",
            "order id",
            "order no",
            "order number",
            "order nr",
            "invoice",
            "invoiceno",
            "invoice no",
            "invoice number",
            "заказ",
            "замовлення",
            "номер",
            "№",
            "# заказа",
            "№ заказа",
            "№ замовлення",
            "номер чека",
            "чек",
            "receipt",
            "order_id",
            "orderid",
            "transaction id",
            "transaction",
            "sales document",
        ],
        part: &[
            "номер заказ",
            "номер замов",
            "заказ №",
            "заказ номер",
            "id заказ",
            "id замов",
            "код заказ",
            "код замов",
            "order id",
            "order no",
            "order num",
            "order ref",
            "invoice n",
            "номер накладной",
            "номер рахунку",
            "номер счета",
            "nomer zakaza",
        ],
    },
    Words {
        role: Role::DeliveryDate,
        exact: &["delivered", "delivered at", "shipped at", "доставлено"],
        part: &[
            "delivery date",
            "date of delivery",
            "date delivered",
            "дата доставк",
            "дата достав",
            "дата получ",
            "дата отрим",
            "дата вруч",
            "дата отправ",
            "дата відправ",
            "ship date",
            "shipped",
            "дата выдач",
            "дата видач",
        ],
    },
    Words {
        role: Role::BirthDate,
        exact: &["birthday", "dob", "birth date", "date of birth", "др", "дн"],
        part: &["рожден", "народж", "birth"],
    },
    Words {
        role: Role::Status,
        exact: &["status", "state", "статус", "состояние", "стан"],
        part: &[
            "статус",
            "order status",
            "состояние заказ",
            "стан замов",
            "payment status",
            "fulfillment status",
        ],
    },
    Words {
        role: Role::OrderDate,
        exact: &[
            "date",
            "дата",
            "created",
            "created at",
            "when",
            "day",
            "дата и время",
            "дата та час",
            "время",
            "час",
            "paid at",
        ],
        part: &[
            "order date",
            "date of order",
            "invoicedate",
            "invoice date",
            "purchase date",
            "дата заказ",
            "дата замов",
            "дата покуп",
            "дата оформ",
            "дата созд",
            "дата створ",
            "дата прод",
            "created",
            "orderdate",
            "transaction date",
            "date",
        ],
    },
    Words {
        role: Role::Quantity,
        exact: &[
            "quantity",
            "qty",
            "count",
            "units",
            "pieces",
            "кол",
            "кол во",
            "количество",
            "кількість",
            "к сть",
            "шт",
            "cds",
            "кіл ть",
        ],
        part: &["quantity", "количеств", "кількіст", "кол во"],
    },
    Words {
        role: Role::Price,
        exact: &["price", "цена", "ціна", "unit price", "unitprice"],
        part: &["цена", "ціна", "price"],
    },
    Words {
        role: Role::Amount,
        exact: &[
            "amount",
            "total",
            "sum",
            "value",
            "revenue",
            "сумма",
            "сума",
            "итого",
            "разом",
            "всего",
            "усього",
            "стоимость",
            "вартість",
            "к оплате",
            "до сплати",
            "grand total",
        ],
        part: &[
            "сумма",
            "сума",
            "amount",
            "total",
            "стоимост",
            "вартіст",
            "итого",
            "к оплате",
            "до сплати",
            "выручк",
            "виручк",
            "оплачено",
        ],
    },
    Words {
        role: Role::CustomerKey,
        exact: &[
            "customer",
            "customer id",
            "customerid",
            "client id",
            "clientid",
            "user id",
            "userid",
            "buyer id",
            "код клиента",
            "код клієнта",
            "id клиента",
            "id клієнта",
            "клиент id",
            "карта",
            "номер карты",
            "номер картки",
            "loyalty card",
            "sample id",
            "sample_id",
            "customer key",
            "customer_key",
        ],
        part: &[
            "customer id",
            "customer no",
            "customer num",
            "client id",
            "код покуп",
            "id покуп",
            "код клиент",
            "код клієнт",
            "номер клиент",
            "номер клієнт",
        ],
    },
    Words {
        role: Role::Social,
        exact: &[
            "vk",
            "вк",
            "вконтакте",
            "facebook",
            "fb",
            "фейсбук",
            "instagram",
            "инстаграм",
            "інстаграм",
            "telegram",
            "телеграм",
            "одноклассники",
            "social",
            "profile",
            "профиль",
            "профіль",
            "соцсеть",
            "соцсети",
            "соцмережа",
            "соцмережі",
            "social login",
            "telegram id",
            "vk id",
            "facebook id",
        ],
        part: &[
            "соцсет",
            "соціальн",
            "социальн",
            "social profile",
            "social network",
            "social id",
            "профиль в",
        ],
    },
    Words {
        role: Role::Currency,
        exact: &["currency", "валюта", "currency code", "код валюты", "код валюти", "iso currency"],
        part: &["валюта", "currency"],
    },
    Words {
        role: Role::Email,
        exact: &[
            "email",
            "e mail",
            "mail",
            "emails",
            "почта",
            "пошта",
            "эл почта",
            "ел пошта",
            "имейл",
            "емейл",
        ],
        part: &["e mail", "email", "электронн", "електронн", "эл почт", "ел пошт", "імейл", "имейл"],
    },
    Words {
        role: Role::Phone,
        exact: &[
            "phone",
            "phones",
            "tel",
            "mobile",
            "cell",
            "тел",
            "телефон",
            "телефоны",
            "телефони",
            "моб",
            "мобильный",
            "мобільний",
            "viber",
            "msisdn",
        ],
        part: &["phone", "телефон", "мобильн", "мобільн", "номер тел", "tel ", "mobile"],
    },
    Words {
        role: Role::NationalId,
        exact: &["инн", "ипн", "іпн", "рнокпп", "снилс", "tax id", "ssn", "tin"],
        part: &["national id", "паспорт", "passport", "soc sec"],
    },
    Words {
        role: Role::Postcode,
        exact: &["zip", "index", "индекс", "індекс"],
        part: &["postcode", "postal code", "zip code", "почтовый индекс", "поштовий індекс"],
    },
    Words {
        role: Role::Country,
        exact: &["country", "страна", "країна"],
        part: &["country", "страна", "країна"],
    },
    Words {
        role: Role::Region,
        exact: &["region", "state province", "область", "регион", "регіон", "край"],
        part: &["область", "регион", "регіон", "province"],
    },
    Words {
        role: Role::City,
        exact: &["city", "town", "suburb", "город", "місто", "населенный пункт", "населений пункт"],
        part: &["город", "місто", "city", "населен"],
    },
    Words {
        role: Role::House,
        exact: &["house", "дом", "будинок", "кв", "квартира", "буд"],
        part: &["номер дома", "номер будинку", "street number", "house n"],
    },
    Words {
        role: Role::Street,
        exact: &["street", "улица", "вулиця", "address 1", "address line 1"],
        part: &["улица", "вулиц", "street"],
    },
    Words {
        role: Role::Address, exact: &["address", "адрес", "адреса"], part: &["address", "адрес"]
    },
    Words {
        role: Role::Patronymic,
        exact: &["patronymic", "middle name", "отчество", "по батькові"],
        part: &["отчеств", "по батькові", "middle name", "patronym"],
    },
    Words {
        role: Role::GivenName,
        exact: &["first name", "given name", "firstname", "имя", "ім я", "forename"],
        part: &["first name", "given name"],
    },
    Words {
        role: Role::FamilyName,
        exact: &["last name", "family name", "surname", "lastname", "фамилия", "прізвище"],
        part: &["last name", "family name", "surname", "фамили", "прізвищ"],
    },
    Words {
        role: Role::FullName,
        exact: &[
            "name",
            "full name",
            "fullname",
            "customer name",
            "client",
            "buyer",
            "fio",
            "фио",
            "піб",
            "клиент",
            "клієнт",
            "покупатель",
            "покупець",
            "заказчик",
            "замовник",
            "получатель",
            "отримувач",
            "одержувач",
            "contact",
            "контакт",
            "контактное лицо",
            "name uk",
            "name ru",
        ],
        part: &[
            "full name",
            "фио",
            "піб",
            "прізвище та ім",
            "фамилия имя",
            "покупател",
            "покупец",
            "получател",
            "отримувач",
            "recipient",
            "customer name",
            "контактн",
            "contact name",
        ],
    },
    Words {
        role: Role::Items,
        exact: &[
            "items",
            "item",
            "products",
            "product",
            "books",
            "goods",
            "title",
            "description",
            "товар",
            "товары",
            "товари",
            "книги",
            "книга",
            "книжки",
            "состав",
            "склад",
        ],
        part: &[
            "товар",
            "номенклатур",
            "product",
            "состав заказ",
            "склад замов",
            "позици",
            "позиці",
            "item",
            "наименован",
            "найменуван",
            "назва",
            "назван",
            "article",
            "покупки",
            "книг",
        ],
    },
    Words {
        role: Role::Note,
        exact: &[
            "note",
            "notes",
            "comment",
            "comments",
            "remark",
            "комментарий",
            "коментар",
            "примечание",
            "примітка",
            "заметка",
        ],
        part: &["коммент", "комент", "примеч", "приміт", "comment", "note", "заметк", "нотат"],
    },
    Words {
        role: Role::RecordId,
        exact: &[
            "id",
            "row",
            "row id",
            "record id",
            "rec id",
            "recordid",
            "line",
            "№ п п",
            "п п",
            "запись",
            "запис",
            "строка",
            "рядок",
            "uuid",
            "guid",
            "person id",
            "uid",
            "key",
            "record",
            "record no",
            "lead id",
            "contact id",
            "id контакта",
            "id контакту",
            "код",
            "код записи",
            "код запису",
            "номер записи",
            "номер запису",
            "id записи",
            "id запису",
            "номер строки",
            "номер рядка",
        ],
        part: &["record id", "row id", "номер запис"],
    },
    Words {
        role: Role::Other,
        exact: &["operator", "оператор", "manager", "менеджер", "source", "источник", "джерело"],
        part: &[],
    },
];

struct Folded {
    role: Role,
    exact: Vec<String>,
    part: Vec<String>,
}

/// The role that a header names, with a strength of 2 for the whole header and 1 for a part of it.
pub fn header_role(header: &str) -> Option<(Role, u8)> {
    static FOLDED: LazyLock<Vec<Folded>> = LazyLock::new(|| {
        let folded = |words: &[&str]| words.iter().map(|word| fold(word)).filter(|w| !w.is_empty()).collect();
        WORDS.iter().map(|w| Folded { role: w.role, exact: folded(w.exact), part: folded(w.part) }).collect()
    });
    let clean = split_camel(header);
    let key = fold(&clean);
    if key.is_empty() {
        return (header.trim() == "№").then_some((Role::OrderId, 1));
    }
    // A header is a few words; a sentence that holds one of them is a title or data.
    if key.chars().count() > 48 {
        return None;
    }
    let exact = FOLDED.iter().find(|words| words.exact.contains(&key)).map(|words| (words.role, 2));
    exact.or_else(|| {
        let hit = FOLDED.iter().find(|words| words.part.iter().any(|part| starts_word(&key, part)));
        hit.map(|words| (words.role, 1))
    })
}

/// The part stands at the start of a word of the header: "date" in "order date", not in "update".
fn starts_word(key: &str, part: &str) -> bool {
    key.match_indices(part).any(|(at, _)| at == 0 || key[..at].ends_with(' '))
}

/// `InvoiceNo` and `CustomerID` as words.
fn split_camel(header: &str) -> String {
    let mut out = String::with_capacity(header.len() + 4);
    let mut before_lower = false;
    for c in header.chars() {
        if before_lower && c.is_uppercase() {
            out.push(' ');
        }
        before_lower = c.is_lowercase();
        out.push(if c == '_' { ' ' } else { c });
    }
    out
}
