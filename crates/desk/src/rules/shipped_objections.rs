//! The words that the product ships: Russian, Ukrainian, English.

type Text = (&'static str, &'static str);

/// Code, leaving reason, and the words by language in the order of `Lang::ALL`.
pub const SHIPPED: [(&str, &str, [Text; 3]); 8] = [
    (
        "dear",
        "reason:price",
        [
            (
                "Дорого",
                "Понимаю, цена важна. Давайте сравним, что именно входит: бывает, что разница в доставке или в самом издании. Могу проверить, какие условия есть лично для вас.",
            ),
            (
                "Дорого",
                "Розумію, ціна важлива. Порівняймо, що саме входить: буває, різниця у доставці чи в самому виданні. Можу перевірити, які умови є особисто для вас.",
            ),
            (
                "Too expensive",
                "I see, the price matters. Let us compare what is included: often the difference is the delivery or the edition. I can check what we have for you personally.",
            ),
        ],
    ),
    (
        "slow_delivery",
        "reason:delivery",
        [
            (
                "Долгая доставка",
                "Мне жаль, что пришлось ждать. Скажите, о каком заказе речь: я проверю, что случилось. Сейчас могу назвать точный срок до вашего адреса.",
            ),
            (
                "Довга доставка",
                "Мені шкода, що довелося чекати. Скажіть, про яке замовлення йдеться: я перевірю, що сталося. Зараз можу назвати точний строк до вашої адреси.",
            ),
            (
                "Delivery takes too long",
                "I am sorry you had to wait. Which order was it? I will check what happened. I can tell you the exact time to your address now.",
            ),
        ],
    ),
    (
        "bought_elsewhere",
        "reason:competitor",
        [
            (
                "Уже купил у другого",
                "Хорошо, что нашли нужное. Подскажите, что там было удобнее? Мы хотим знать, что исправить, и в следующий раз сравнить вам будет из чего.",
            ),
            (
                "Уже купив в іншого",
                "Добре, що знайшли потрібне. Підкажіть, що там було зручніше? Ми хочемо знати, що виправити, і наступного разу вам буде з чого порівняти.",
            ),
            (
                "Already bought elsewhere",
                "Good that you found it. May I ask what was more convenient there? We want to know what to mend, so that next time you have a choice.",
            ),
        ],
    ),
    (
        "no_trust",
        "driver:service",
        [
            (
                "Не доверяю",
                "Вы вправе сомневаться. Могу назвать дату и номер вашего последнего заказа у нас. Ничего оплачивать сейчас не нужно, а перезвонить можно на номер с сайта.",
            ),
            (
                "Не довіряю",
                "Ви маєте право сумніватися. Можу назвати дату й номер вашого останнього замовлення в нас. Нічого сплачувати зараз не треба, а передзвонити можна на номер із сайту.",
            ),
            (
                "I do not trust you",
                "You are right to ask. I can name the date and number of your last order with us. Nothing is to be paid now, and you may call back the number on our site.",
            ),
        ],
    ),
    (
        "no_memory",
        "",
        [
            (
                "Не помню вас",
                "Это естественно, прошло время. В последний раз вы брали у нас то, что я вижу на карточке. Тогда всё было в порядке?",
            ),
            (
                "Не пам’ятаю вас",
                "Це природно, минув час. Востаннє ви брали в нас те, що я бачу на картці. Тоді все було гаразд?",
            ),
            (
                "I do not remember you",
                "That is natural, it was a while ago. The last things you bought from us are on the card before me. Was everything all right then?",
            ),
        ],
    ),
    (
        "not_now",
        "reason:interests",
        [
            (
                "Не нужно сейчас",
                "Хорошо, не буду настаивать. Когда вам было бы удобно вернуться к этому? Могу записать дату и не беспокоить раньше.",
            ),
            (
                "Не потрібно зараз",
                "Добре, не наполягатиму. Коли вам було б зручно повернутися до цього? Можу записати дату й не турбувати раніше.",
            ),
            (
                "Not needed now",
                "All right, I will not press. When would it suit you to come back to it? I can note the day and not disturb you before.",
            ),
        ],
    ),
    (
        "bad_experience",
        "driver:service",
        [
            (
                "Был неудачный опыт",
                "Спасибо, что сказали прямо. Расскажите, что произошло: я запишу дословно и передам тому, кто это исправляет. Что сделало бы ситуацию честной для вас?",
            ),
            (
                "Був невдалий досвід",
                "Дякую, що сказали прямо. Розкажіть, що сталося: я запишу дослівно й передам тому, хто це виправляє. Що зробило б ситуацію чесною для вас?",
            ),
            (
                "I had a bad experience",
                "Thank you for saying it openly. Tell me what happened: I will write it down word for word for those who mend it. What would make it fair for you?",
            ),
        ],
    ),
    (
        "too_many_messages",
        "reason:pushy",
        [
            (
                "Слишком часто пишете",
                "Понимаю вас. Давайте выберем, о чём писать и как часто, или оставим только письма о ваших заказах. Что выбрать?",
            ),
            (
                "Надто часто пишете",
                "Розумію вас. Оберімо, про що писати і як часто, або залишмо тільки листи про ваші замовлення. Що обрати?",
            ),
            (
                "You write too often",
                "I understand. Let us choose what to write about and how often, or keep only the letters about your orders. Which shall it be?",
            ),
        ],
    ),
];
