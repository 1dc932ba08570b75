//! Statuses of orders in the words of shops, Russian, Ukrainian and English.

use std::{fmt, str::FromStr, sync::LazyLock};

use basis::fold;
use serde::{Deserialize, Serialize};

/// What a status means for the figures: cancelled and returned orders are not purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, nothing done yet.
    New,
    /// Accepted, packed, being prepared.
    Processing,
    /// On its way.
    Shipped,
    /// Paid, delivered, completed.
    Paid,
    Cancelled,
    Returned,
}

impl OrderStatus {
    pub const ALL: [Self; 6] =
        [Self::New, Self::Processing, Self::Shipped, Self::Paid, Self::Cancelled, Self::Returned];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    pub const fn is_purchase(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Returned)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a status; use new, processing, shipped, paid, cancelled or returned")]
pub struct UnknownStatus(pub String);

impl FromStr for OrderStatus {
    type Err = UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == s).ok_or_else(|| UnknownStatus(s.to_owned()))
    }
}

/// Starts of words, compared folded, in the order in which they are tried: "не оплачен" comes before "оплачен".
const STARTS: &[(&str, OrderStatus)] = &[
    ("не оплач", OrderStatus::New),
    ("не сплач", OrderStatus::New),
    ("неоплач", OrderStatus::New),
    ("несплач", OrderStatus::New),
    ("ожида", OrderStatus::New),
    ("очику", OrderStatus::New),
    ("жде", OrderStatus::New),
    ("unpaid", OrderStatus::New),
    ("awaiting", OrderStatus::New),
    ("pending", OrderStatus::New),
    ("on hold", OrderStatus::New),
    ("нов", OrderStatus::New),
    ("new", OrderStatus::New),
    ("open", OrderStatus::New),
    ("created", OrderStatus::New),
    ("placed", OrderStatus::New),
    ("создан", OrderStatus::New),
    ("створен", OrderStatus::New),
    ("оформлен", OrderStatus::New),
    ("возвра", OrderStatus::Returned),
    ("повер", OrderStatus::Returned),
    ("return", OrderStatus::Returned),
    ("refund", OrderStatus::Returned),
    ("chargeback", OrderStatus::Returned),
    ("отмен", OrderStatus::Cancelled),
    ("отказ", OrderStatus::Cancelled),
    ("видмов", OrderStatus::Cancelled),
    ("скасов", OrderStatus::Cancelled),
    ("анул", OrderStatus::Cancelled),
    ("аннул", OrderStatus::Cancelled),
    ("видмин", OrderStatus::Cancelled),
    ("видхил", OrderStatus::Cancelled),
    ("отклон", OrderStatus::Cancelled),
    ("невыкуп", OrderStatus::Cancelled),
    ("не выкуп", OrderStatus::Cancelled),
    ("невикуп", OrderStatus::Cancelled),
    ("не доставл", OrderStatus::Cancelled),
    ("недоставл", OrderStatus::Cancelled),
    ("не вруч", OrderStatus::Cancelled),
    ("cancel", OrderStatus::Cancelled),
    ("void", OrderStatus::Cancelled),
    ("reject", OrderStatus::Cancelled),
    ("declin", OrderStatus::Cancelled),
    ("fail", OrderStatus::Cancelled),
    ("expired", OrderStatus::Cancelled),
    ("undeliver", OrderStatus::Cancelled),
    ("отправ", OrderStatus::Shipped),
    ("видправ", OrderStatus::Shipped),
    ("в пути", OrderStatus::Shipped),
    ("в дороз", OrderStatus::Shipped),
    ("у дороз", OrderStatus::Shipped),
    ("передан", OrderStatus::Shipped),
    ("отгруж", OrderStatus::Shipped),
    ("видвантаж", OrderStatus::Shipped),
    ("прибы", OrderStatus::Shipped),
    ("прибу", OrderStatus::Shipped),
    ("ship", OrderStatus::Shipped),
    ("sent", OrderStatus::Shipped),
    ("in transit", OrderStatus::Shipped),
    ("dispatch", OrderStatus::Shipped),
    ("out for", OrderStatus::Shipped),
    ("в обраб", OrderStatus::Processing),
    ("в оброб", OrderStatus::Processing),
    ("обрабатыва", OrderStatus::Processing),
    ("обробля", OrderStatus::Processing),
    ("в работе", OrderStatus::Processing),
    ("в робот", OrderStatus::Processing),
    ("принят", OrderStatus::Processing),
    ("прийнят", OrderStatus::Processing),
    ("подтвер", OrderStatus::Processing),
    ("пидтвер", OrderStatus::Processing),
    ("комплект", OrderStatus::Processing),
    ("собира", OrderStatus::Processing),
    ("собран", OrderStatus::Processing),
    ("зибран", OrderStatus::Processing),
    ("готов", OrderStatus::Processing),
    ("process", OrderStatus::Processing),
    ("in progress", OrderStatus::Processing),
    ("accept", OrderStatus::Processing),
    ("confirm", OrderStatus::Processing),
    ("ready", OrderStatus::Processing),
    ("pack", OrderStatus::Processing),
    ("выполня", OrderStatus::Processing),
    ("викону", OrderStatus::Processing),
    ("оплач", OrderStatus::Paid),
    ("сплач", OrderStatus::Paid),
    ("выполн", OrderStatus::Paid),
    ("викона", OrderStatus::Paid),
    ("достав", OrderStatus::Paid),
    ("получ", OrderStatus::Paid),
    ("отрим", OrderStatus::Paid),
    ("вруч", OrderStatus::Paid),
    ("выда", OrderStatus::Paid),
    ("вида", OrderStatus::Paid),
    ("заверш", OrderStatus::Paid),
    ("закры", OrderStatus::Paid),
    ("закри", OrderStatus::Paid),
    ("закончен", OrderStatus::Paid),
    ("закинчен", OrderStatus::Paid),
    ("успешн", OrderStatus::Paid),
    ("успишн", OrderStatus::Paid),
    ("продан", OrderStatus::Paid),
    ("куплен", OrderStatus::Paid),
    ("paid", OrderStatus::Paid),
    ("complet", OrderStatus::Paid),
    ("deliver", OrderStatus::Paid),
    ("done", OrderStatus::Paid),
    ("success", OrderStatus::Paid),
    ("fulfil", OrderStatus::Paid),
    ("closed", OrderStatus::Paid),
    ("finish", OrderStatus::Paid),
    ("received", OrderStatus::Paid),
    ("settled", OrderStatus::Paid),
];

/// The meaning of a status by its words, or `None` for words unknown here (the mapping file can name them).
pub fn read_status(cell: &str) -> Option<OrderStatus> {
    static FOLDED: LazyLock<Vec<(String, OrderStatus)>> =
        LazyLock::new(|| STARTS.iter().map(|(start, status)| (fold(start), *status)).collect());
    let folded = fold(cell);
    FOLDED.iter().find(|(start, _)| folded.starts_with(start.as_str())).map(|(_, status)| *status)
}

/// The words of a mapping file first, then the built-in ones.
#[derive(Debug, Clone, Default)]
pub struct StatusWords {
    named: Vec<(String, OrderStatus)>,
}

impl StatusWords {
    pub fn new(named: impl IntoIterator<Item = (String, OrderStatus)>) -> Self {
        Self { named: named.into_iter().map(|(word, status)| (fold(&word), status)).collect() }
    }

    pub fn read(&self, cell: &str) -> Option<OrderStatus> {
        if !self.named.is_empty() {
            let folded = fold(cell);
            if let Some((_, status)) = self.named.iter().find(|(word, _)| *word == folded) {
                return Some(*status);
            }
        }
        read_status(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_shops() {
        use OrderStatus::{Cancelled, New, Paid, Processing, Returned, Shipped};
        for (word, status) in [
            ("Виконано", Paid),
            ("Доставлен", Paid),
            ("Доставлено", Paid),
            ("Получен", Paid),
            ("Отримано", Paid),
            ("Выполнен", Paid),
            ("Возврат", Returned),
            ("Повернення", Returned),
            ("Отменён", Cancelled),
            ("Відмова", Cancelled),
            ("Скасовано", Cancelled),
            ("Отказ", Cancelled),
            ("Отправлен", Shipped),
            ("Відправлено", Shipped),
            ("Новый", New),
            ("Новий", New),
            ("В обработке", Processing),
            ("В обробці", Processing),
            ("PAID", Paid),
            ("Canceled", Cancelled),
            ("Refunded", Returned),
            ("Не оплачен", New),
            ("Оплачен", Paid),
            ("выполняется", Processing),
            ("Виконується", Processing),
        ] {
            assert_eq!(read_status(word), Some(status), "{word}");
        }
        assert_eq!(read_status("в отделе 7"), None);
        assert_eq!(read_status(""), None);
    }

    #[test]
    fn the_mapping_file_has_the_last_word() {
        let words = StatusWords::new([
            ("Склад-7".to_owned(), OrderStatus::Paid),
            ("новый".to_owned(), OrderStatus::Paid),
        ]);
        assert_eq!(words.read("склад 7"), Some(OrderStatus::Paid));
        assert_eq!(words.read("Новый"), Some(OrderStatus::Paid));
        assert_eq!(words.read("Отказ"), Some(OrderStatus::Cancelled));
    }
}
