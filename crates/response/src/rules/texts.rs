//! What the public pages say, in three languages.

use basis::Lang;
use serde::Serialize;

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Texts {
    pub lang: &'static str,
    pub languages: &'static str,
    pub to_content: &'static str,
    pub simulated: &'static str,

    pub preferences_title: &'static str,
    pub preferences_lead: &'static str,
    pub for_address: &'static str,
    pub choose: &'static str,
    pub defaults_note: &'static str,
    pub confirm: &'static str,
    /// The words that a press of Confirm agrees to; kept as proof.
    pub consent: &'static str,
    pub leave: &'static str,
    pub saved_title: &'static str,
    pub saved_some: &'static str,
    pub saved_none: &'static str,
    pub change: &'static str,

    pub unsubscribe_title: &'static str,
    pub unsubscribe_lead: &'static str,
    pub unsubscribe_more: &'static str,
    pub unsubscribe: &'static str,
    pub keep: &'static str,
    pub gone_title: &'static str,
    pub gone: &'static str,

    pub tampered_title: &'static str,
    pub tampered: &'static str,
    pub expired_title: &'static str,
    pub expired: &'static str,
    pub trouble_title: &'static str,
    pub trouble: &'static str,
}

static RU: Texts = Texts {
    lang: "ru",
    languages: "Язык страницы",
    to_content: "К содержанию",
    simulated: "Демонстрация: люди и письма смоделированы",
    preferences_title: "О чём вам писать?",
    preferences_lead: "Отметьте темы, которые вам интересны. Мы будем писать только о них.",
    for_address: "Мы пишем вам на",
    choose: "Темы",
    defaults_note: "Мы отметили все темы заранее. Снимите лишние: ничего не изменится, пока вы не нажмёте кнопку.",
    confirm: "Подтвердить выбор",
    consent: "Нажимая «Подтвердить выбор», я соглашаюсь получать рассылку об отмеченных темах на этот адрес или номер. Отказаться можно в любой момент: по ссылке в письме или ответив СТОП.",
    leave: "Не хочу получать письма",
    saved_title: "Спасибо, выбор сохранён",
    saved_some: "Теперь мы будем писать только об этом:",
    saved_none: "Вы не отметили ни одной темы, поэтому подборок не будет. Передумаете — вернитесь на эту страницу.",
    change: "Изменить выбор",
    unsubscribe_title: "Отписаться от писем?",
    unsubscribe_lead: "Мы перестанем писать на",
    unsubscribe_more: "Это действует сразу и на всех каналах: сообщений и звонков тоже не будет.",
    unsubscribe: "Отписаться",
    keep: "Лучше выбрать темы",
    gone_title: "Вы отписаны",
    gone: "Больше писем, сообщений и звонков от нас не будет. Простите за беспокойство.",
    tampered_title: "Ссылка не читается",
    tampered: "Похоже, адрес скопирован не полностью. Откройте ссылку прямо из письма.",
    expired_title: "Ссылка больше не действует",
    expired: "Письмо, из которого вы пришли, уже удалено. Чтобы отписаться или выбрать темы, откройте ссылку из более нового письма или ответьте на него.",
    trouble_title: "Не получилось",
    trouble: "Ответ не сохранён по нашей вине. Попробуйте ещё раз через минуту.",
};

static UK: Texts = Texts {
    lang: "uk",
    languages: "Мова сторінки",
    to_content: "До змісту",
    simulated: "Демонстрація: людей і листи змодельовано",
    preferences_title: "Про що вам писати?",
    preferences_lead: "Позначте теми, які вам цікаві. Ми писатимемо лише про них.",
    for_address: "Ми пишемо вам на",
    choose: "Теми",
    defaults_note: "Ми позначили всі теми наперед. Зніміть зайві: нічого не зміниться, доки ви не натиснете кнопку.",
    confirm: "Підтвердити вибір",
    consent: "Натискаючи «Підтвердити вибір», я погоджуюся отримувати розсилку про позначені теми на цю адресу або номер. Відмовитися можна будь-коли: за посиланням у листі або відповівши СТОП.",
    leave: "Не хочу отримувати листи",
    saved_title: "Дякуємо, вибір збережено",
    saved_some: "Тепер ми писатимемо лише про це:",
    saved_none: "Ви не позначили жодної теми, тож добірок не буде. Передумаєте — поверніться на цю сторінку.",
    change: "Змінити вибір",
    unsubscribe_title: "Відписатися від листів?",
    unsubscribe_lead: "Ми перестанемо писати на",
    unsubscribe_more: "Це діє одразу й на всіх каналах: повідомлень і дзвінків теж не буде.",
    unsubscribe: "Відписатися",
    keep: "Краще обрати теми",
    gone_title: "Вас відписано",
    gone: "Більше листів, повідомлень і дзвінків від нас не буде. Вибачте за турботу.",
    tampered_title: "Посилання не читається",
    tampered: "Схоже, адресу скопійовано не повністю. Відкрийте посилання просто з листа.",
    expired_title: "Посилання більше не діє",
    expired: "Лист, з якого ви прийшли, вже видалено. Щоб відписатися або обрати теми, відкрийте посилання з новішого листа або дайте на нього відповідь.",
    trouble_title: "Не вийшло",
    trouble: "Відповідь не збережено з нашої вини. Спробуйте ще раз за хвилину.",
};

static EN: Texts = Texts {
    lang: "en",
    languages: "Language of the page",
    to_content: "Skip to content",
    simulated: "Demonstration: the people and the letters are simulated",
    preferences_title: "What shall we write about?",
    preferences_lead: "Tick the topics you care for. We will write about these only.",
    for_address: "We write to you at",
    choose: "Topics",
    defaults_note: "We ticked all topics beforehand. Untick what you don't need: nothing changes until you press the button.",
    confirm: "Confirm my choice",
    consent: "By pressing “Confirm my choice” I agree to be written to about the ticked topics at this address or number. I can refuse at any time: by the link in a letter or by answering STOP.",
    leave: "I don't want any letters",
    saved_title: "Thank you, your choice is saved",
    saved_some: "From now on we write about these only:",
    saved_none: "You ticked no topic, so there will be no selections. Should you change your mind, come back to this page.",
    change: "Change my choice",
    unsubscribe_title: "Unsubscribe from the letters?",
    unsubscribe_lead: "We will stop writing to",
    unsubscribe_more: "This works at once and on every channel: there will be no messages or calls either.",
    unsubscribe: "Unsubscribe",
    keep: "I'd rather choose topics",
    gone_title: "You are unsubscribed",
    gone: "There will be no more letters, messages or calls from us. We are sorry for the trouble.",
    tampered_title: "The link cannot be read",
    tampered: "The address seems to be copied in part. Please open the link right from the letter.",
    expired_title: "The link is no longer valid",
    expired: "The letter you came from has been deleted. To unsubscribe or choose topics, open the link of a newer letter or answer it.",
    trouble_title: "That did not work",
    trouble: "Your answer was not saved, and the fault is ours. Please try again in a minute.",
};

pub fn texts(lang: Lang) -> &'static Texts {
    match lang {
        Lang::Ru => &RU,
        Lang::Uk => &UK,
        Lang::En => &EN,
    }
}

/// The name of a language in itself, for the switch.
pub const fn own_name(lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => "Русский",
        Lang::Uk => "Українська",
        Lang::En => "English",
    }
}
