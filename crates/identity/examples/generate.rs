//! Makes a base with a known truth, of any size, unlike any given one:
//! `cargo run --release -p identity --example generate -- DIR --orders 100000 --seed 7 [--single]`.
//!
//! Surnames are made of syllables, names come from the dictionary, people make mistakes of some thirty kinds, and groups of different
//! people share phones, mailboxes, homes and names. `--single` gives one record a person and card, the classic old base.
//! Writes `orders.csv`, `truth.csv` in the columns of the evaluation.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a generator of test data on 64-bit machines"
)]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;

struct Dice(u64);

impl Dice {
    /// splitmix64 (Steele, Lea and Flood 2014)
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn chance(&mut self, percent: f64) -> bool {
        (self.next() % 1_000_000) as f64 / 10_000.0 < percent
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
    /// Small numbers are much likelier, as with surnames and first names.
    fn skewed(&mut self, n: usize) -> usize {
        let u = (self.next() % 1_000_000) as f64 / 1_000_000.0;
        ((u * u) * n as f64) as usize
    }
}

#[derive(Clone)]
struct Given {
    uk: String,
    ru: String,
    short: Vec<String>,
    latin: String,
}

struct Fathers {
    uk: String,
    ru: String,
}

#[derive(Clone)]
struct Person {
    male: bool,
    given: usize,
    father: usize,
    has_patronymic: bool,
    surname: usize,
    russian: bool,
    phone: String,
    email: String,
    phone2: String,
    email2: String,
    trap: String,
}

struct World {
    dice: Dice,
    men: Vec<Given>,
    women: Vec<Given>,
    fathers: Vec<Fathers>,
    stems: Vec<String>,
    /// Mailboxes and numbers given out: a provider gives each once, whatever the names of those who ask.
    taken: HashSet<String>,
}

const DOMAINS: [&str; 9] = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "ukr.net",
    "ukr.net",
    "i.ua",
    "mail.ru",
    "outlook.com",
    "icloud.com",
];
const CODES: [&str; 11] = ["39", "50", "63", "66", "67", "68", "73", "93", "95", "97", "99"];

fn latin(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        out.push_str(match c {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' => "h",
            'ґ' => "g",
            'д' => "d",
            'е' | 'э' => "e",
            'є' => "ie",
            'ё' => "yo",
            'ж' => "zh",
            'з' => "z",
            'и' => "y",
            'і' => "i",
            'ї' => "i",
            'й' => "i",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ф' => "f",
            'х' => "kh",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "shch",
            'ы' => "y",
            'ю' => "iu",
            'я' => "ia",
            _ => "",
        });
    }
    out
}

fn capital(word: &str) -> String {
    let mut c = word.chars();
    c.next().map_or_else(String::new, |f| f.to_uppercase().chain(c).collect())
}

impl World {
    fn new(seed: u64, orders: usize) -> Self {
        let mut it = Self {
            dice: Dice(seed),
            men: Vec::new(),
            women: Vec::new(),
            fathers: Vec::new(),
            stems: Vec::new(),
            taken: HashSet::new(),
        };
        for line in include_str!("../data/given_names.tsv").lines().filter(|l| !l.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let full: Vec<&str> = columns[2].split(',').collect();
            let uk = full[0];
            let ru = full.get(1).copied().filter(|f| !f.is_ascii()).unwrap_or(uk);
            let given = Given {
                uk: uk.to_owned(),
                ru: ru.to_owned(),
                short: columns[3]
                    .split(',')
                    .filter(|s| !s.is_empty() && !s.is_ascii())
                    .map(str::to_owned)
                    .collect(),
                latin: latin(uk),
            };
            let patronymics: Vec<&str> = columns[4].split(',').filter(|p| p.ends_with("вич")).collect();
            if let Some(first) = patronymics.first() {
                it.fathers.push(Fathers {
                    uk: (*first).to_owned(),
                    ru: patronymics.get(1).unwrap_or(first).to_string(),
                });
            }
            if columns[1] == "m" { it.men.push(given) } else { it.women.push(given) }
        }
        let heads = [
            "Бон",
            "Гар",
            "Дов",
            "Зав",
            "Кал",
            "Лис",
            "Мар",
            "Нов",
            "Пол",
            "Руд",
            "Сав",
            "Тер",
            "Хом",
            "Чер",
            "Шам",
            "Ясин",
            "Вер",
            "Гнат",
            "Кост",
            "Федор",
            "Сид",
            "Юрч",
            "Онищ",
            "Гриц",
            "Бойк",
            "Мель",
            "Ткач",
            "Кова",
            "Стец",
            "Оле",
        ];
        let middles = ["", "ар", "ем", "ин", "ол", "ус", "ад", "ош", "ик", "ерн", "ак", "уд", "ом", "ив"];
        let tails = ["енко", "чук", "ук", "ський", "ик", "ова", "ець", "ко", "юк", "ина"];
        for h in heads {
            for m in middles {
                for t in tails {
                    it.stems.push(format!("{h}{m}{t}"));
                    // A large base has more different surnames.
                    if orders >= 500_000 && !m.is_empty() {
                        it.stems.extend(middles.iter().skip(1).map(|n| format!("{h}{m}{n}{t}")));
                    }
                }
            }
        }
        let n = it.stems.len();
        for i in (1..n).rev() {
            let j = it.dice.below(i + 1);
            it.stems.swap(i, j);
        }
        it
    }

    fn phone(&mut self) -> String {
        loop {
            let number = format!("+380{}{:07}", *self.dice.pick(&CODES), self.dice.next() % 10_000_000);
            if self.taken.insert(number.clone()) {
                return number;
            }
        }
    }

    fn names(&self, p: &Person) -> &Given {
        if p.male { &self.men[p.given % self.men.len()] } else { &self.women[p.given % self.women.len()] }
    }

    fn surname(&self, p: &Person, russian: bool) -> String {
        let stem = &self.stems[p.surname];
        let word = if let Some(root) = stem.strip_suffix("ський") {
            match (p.male, russian) {
                (true, false) => stem.clone(),
                (true, true) => format!("{root}ский"),
                (false, false) => format!("{root}ська"),
                (false, true) => format!("{root}ская"),
            }
        } else if let Some(root) = stem
            .strip_suffix("ова")
            .map(|r| format!("{r}ов"))
            .or_else(|| stem.strip_suffix("ина").map(|r| format!("{r}ин")))
        {
            if p.male { root } else { format!("{root}а") }
        } else {
            stem.clone()
        };
        if russian { word.replace('і', "и") } else { word }
    }

    fn patronymic(&self, p: &Person, russian: bool) -> String {
        let f = &self.fathers[p.father % self.fathers.len()];
        let male = if russian { &f.ru } else { &f.uk };
        if p.male {
            return male.clone();
        }
        let stem: String =
            male.trim_end_matches("ович").trim_end_matches("евич").trim_end_matches("йович").to_owned();
        match (russian, male.ends_with("евич"), male.ends_with("йович")) {
            (true, true, _) => format!("{stem}евна"),
            (true, ..) => format!("{stem}овна"),
            (false, _, true) => format!("{}ївна", male.trim_end_matches("йович")),
            (false, ..) => format!("{stem}івна"),
        }
    }

    fn person(&mut self) -> Person {
        let male = self.dice.chance(40.0);
        let mut p = Person {
            male,
            given: self.dice.skewed(if male { self.men.len() } else { self.women.len() }),
            father: self.dice.skewed(self.fathers.len()),
            has_patronymic: self.dice.chance(45.0),
            surname: self.dice.skewed(self.stems.len()),
            russian: self.dice.chance(50.0),
            phone: String::new(),
            email: String::new(),
            phone2: String::new(),
            email2: String::new(),
            trap: String::new(),
        };
        p.phone = self.phone();
        p.phone2 = self.phone();
        p.email = self.email(&p);
        p.email2 = self.email(&p);
        p
    }

    fn email(&mut self, p: &Person) -> String {
        let given = self.names(p).latin.clone();
        let surname = latin(&self.surname(p, false));
        let initial: String = given.chars().take(1).collect();
        let number = 60 + self.dice.below(45);
        let local = match self.dice.below(7) {
            0 => format!("{given}.{surname}"),
            1 => format!("{surname}{number}"),
            2 => format!("{initial}{surname}"),
            3 => format!("{surname}_{initial}"),
            4 => format!("{given}{number}"),
            5 => format!(
                "{}{}",
                ["zirka", "mriya", "vesna", "sokil", "malva", "barvinok", "kvitka"][self.dice.below(7)],
                100 + self.dice.below(9_900)
            ),
            _ => format!("{surname}.{given}{}", number % 100),
        };
        let domain = *self.dice.pick(&DOMAINS);
        let mut mailbox = format!("{local}@{domain}");
        // Who finds the name taken adds digits until it is free.
        while !self.taken.insert(mailbox.replace('.', "")) {
            mailbox = format!("{local}{}@{domain}", self.dice.below(10_000));
        }
        mailbox
    }

    /// One keyboard slip.
    fn slip(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        if letters.len() < 5 {
            return text.to_owned();
        }
        let at = 1 + self.dice.below(letters.len() - 2);
        match self.dice.below(4) {
            0 => letters.swap(at, at + 1),
            1 => {
                letters.remove(at);
            }
            2 => letters.insert(at, letters[at]),
            _ => {
                let row: Vec<char> = if letters[at].is_ascii() {
                    "qwertyuiopasdfghjklzxcvbnm"
                } else {
                    "йцукенгшзхфвапролджячсмитбю"
                }
                .chars()
                .collect();
                if let Some(place) =
                    row.iter().position(|c| *c == letters[at].to_lowercase().next().unwrap_or(' '))
                {
                    letters[at] = row[if place + 1 < row.len() { place + 1 } else { place - 1 }];
                }
            }
        }
        letters.into_iter().collect()
    }

    fn phone_text(&mut self, phone: &str, kinds: &mut String) -> String {
        // Nine digits: two of the operator, seven of the subscriber.
        let d = &phone[4..];
        let (code, rest) = d.split_at(2);
        match self.dice.below(14) {
            0..=3 => phone.to_owned(),
            4 => format!("0{d}"),
            5 => format!("0{code} {} {} {}", &rest[..3], &rest[3..5], &rest[5..]),
            6 => format!("+38 (0{code}) {}-{}-{}", &rest[..3], &rest[3..5], &rest[5..]),
            7 => format!("80{d}"),
            8 => d.to_owned(),
            9 => format!("8-0{code}-{rest}"),
            10 => format!("тел. 0{d}"),
            11 => {
                kinds.push_str(";phone_extension");
                format!("0{d} доб. {}", 10 + self.dice.below(90))
            }
            12 => {
                kinds.push_str(";phone_spreadsheet");
                format!("3,80{d}E+11")
            }
            _ => format!("380{d}.0"),
        }
    }

    /// A record of a person: (name, e-mail, phone, kinds).
    fn record(&mut self, p: &Person, hard: bool) -> (String, String, String, String) {
        let mut kinds = String::new();
        let mut russian = p.russian;
        let mut phone = p.phone.clone();
        let mut email = p.email.clone();
        let mut patronymic = p.has_patronymic;
        let mut given_override = None;
        let mut name_slip = false;
        let mut changed_surname = None;
        let (mut initials, mut swapped, mut in_latin) = (false, false, false);
        if hard {
            for _ in 0..=self.dice.below(2) {
                match self.dice.below(17) {
                    0..=2 => {
                        russian = !russian;
                        kinds.push_str(";ru_uk_name");
                    }
                    3 => {
                        swapped = true;
                        kinds.push_str(";name_order");
                    }
                    4 => {
                        patronymic = !patronymic;
                        kinds.push_str(";no_patronymic");
                    }
                    5 => {
                        initials = true;
                        kinds.push_str(";initials");
                    }
                    6 | 7 => {
                        let short = &self.names(p).short;
                        if !short.is_empty() {
                            let n = short.len();
                            let at = self.dice.below(n);
                            given_override = Some(self.names(p).short[at].clone());
                            kinds.push_str(";diminutive");
                        }
                    }
                    8 | 9 => {
                        name_slip = true;
                        kinds.push_str(";name_typo");
                    }
                    10 => {
                        if self.dice.chance(60.0) {
                            phone.clone_from(&p.phone2);
                            kinds.push_str(";new_phone");
                        }
                    }
                    11 => {
                        email.clone_from(&p.email2);
                        kinds.push_str(";new_email");
                    }
                    12 => {
                        let (l, d) = email.split_once('@').unwrap_or(("", ""));
                        email = format!("{}@{d}", self.slip(l));
                        kinds.push_str(";email_local_typo");
                    }
                    13 => {
                        email = email
                            .replace("gmail.com", "gmial.com")
                            .replace("ukr.net", "urk.net")
                            .replace("mail.ru", "mail.com");
                        kinds.push_str(";email_domain_typo");
                    }
                    14 => {
                        let at = 5 + self.dice.below(8);
                        let digit = (b'0'
                            + (phone.as_bytes()[at] - b'0'
                                + 1
                                + u8::try_from(self.dice.below(8)).unwrap_or(0))
                                % 10) as char;
                        phone.replace_range(at..=at, &digit.to_string());
                        kinds.push_str(";phone_digit_wrong");
                    }
                    15 => {
                        in_latin = true;
                        kinds.push_str(";latin_name");
                    }
                    _ => {
                        if !p.male {
                            changed_surname = Some(self.dice.skewed(self.stems.len()));
                            kinds.push_str(";married");
                        }
                    }
                }
            }
        }
        let mut base = p.clone();
        if let Some(surname) = changed_surname {
            base.surname = surname;
        }
        let mut surname = self.surname(&base, russian);
        let names = self.names(p).clone();
        let mut given = given_override.unwrap_or(if russian { names.ru } else { names.uk });
        let father = if patronymic { self.patronymic(p, russian) } else { String::new() };
        if name_slip {
            if self.dice.chance(70.0) { surname = self.slip(&surname) } else { given = self.slip(&given) }
        }
        let mut name = if initials {
            let g: String = given.chars().take(1).collect();
            let f: String = father.chars().take(1).collect();
            if f.is_empty() { format!("{surname} {g}.") } else { format!("{surname} {g}.{f}.") }
        } else if swapped {
            format!("{given} {father} {surname}")
        } else {
            format!("{surname} {given} {father}")
        };
        name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if in_latin {
            name = name.split(' ').map(|w| capital(&latin(w))).collect::<Vec<_>>().join(" ");
        }
        match self.dice.below(60) {
            0 => name = name.to_uppercase(),
            1 => name = name.to_lowercase(),
            2 => {
                name = format!("{} {name}", ["г-н", "пані", "ФОП", "гр."][self.dice.below(4)]);
                kinds.push_str(";title");
            }
            3 => {
                name = name.replacen('а', "a", 2).replacen('о', "o", 1);
                kinds.push_str(";homoglyph");
            }
            4 => {
                let p = self.phone_text(&phone, &mut kinds);
                name = format!("{name} {p}");
                kinds.push_str(";phone_in_name");
            }
            _ => {}
        }
        let mut phone_cell = self.phone_text(&phone, &mut kinds);
        if self.dice.chance(2.0) {
            let other = self.phone_text(&p.phone2, &mut kinds);
            if !other.contains('E') && !phone_cell.contains('E') && !phone_cell.contains("доб") {
                phone_cell =
                    format!("{phone_cell}{}{other}", [", ", " / ", " или ", "; "][self.dice.below(4)]);
                kinds.push_str(";phone_multi");
            }
        }
        let mut email_cell = if self.dice.chance(4.0) { email.to_uppercase() } else { email };
        let (no_mail, no_phone) = (self.dice.chance(9.0), self.dice.chance(3.0));
        if no_mail {
            email_cell = String::new();
        } else if self.dice.chance(3.0) {
            email_cell = ["no@mail.ru", "нет", "-", "zamov@shop-test.example", "xxx@xxx.xx"]
                [self.dice.below(5)]
            .to_owned();
            kinds.push_str(";placeholder_email");
        }
        if no_phone && !no_mail {
            phone_cell = ["", "0000000000", "нет", "+380"][self.dice.below(4)].to_owned();
        }
        (name, email_cell, phone_cell, kinds.trim_start_matches(';').to_owned())
    }

    /// One person, or a group that is easily taken for one.
    fn group(&mut self, number: usize) -> Vec<Person> {
        let mut first = self.person();
        let mut second = self.person();
        let kind = self.dice.below(1_000);
        let trap = match kind {
            0..=19 => "family_phone",
            20..=29 => "family_email",
            30..=39 => "father_son",
            40..=54 => "namesake",
            55..=59 => "office_email",
            60..=69 => "same_local_part",
            70..=77 => "recycled_number",
            78..=84 => "siblings",
            _ => return vec![first],
        };
        let tag = format!("{trap}:{number}");
        first.trap.clone_from(&tag);
        second.trap.clone_from(&tag);
        match trap {
            "family_phone" | "family_email" => {
                second.surname = first.surname;
                second.male = !first.male;
                second.email = self.email(&second);
                if trap == "family_phone" {
                    second.phone.clone_from(&first.phone);
                } else {
                    second.email.clone_from(&first.email);
                }
            }
            "father_son" => {
                first.male = true;
                second.male = true;
                second.surname = first.surname;
                second.father = first.given.min(self.fathers.len() - 1);
                if second.given % self.men.len() == first.given % self.men.len() {
                    second.given += 1;
                }
                second.has_patronymic = true;
                if self.dice.chance(60.0) {
                    second.phone.clone_from(&first.phone);
                }
                second.email = self.email(&second);
            }
            "namesake" => {
                second = Person { phone: second.phone, phone2: second.phone2, ..first.clone() };
                second.email = self.email(&second);
                second.email2 = self.email(&second);
                if second.email == first.email {
                    second.email = format!("x{}", second.email);
                }
            }
            "office_email" => {
                let mail = format!("office@{}.com.ua", latin(&self.stems[first.surname]));
                first.email.clone_from(&mail);
                let mut all = vec![first];
                for _ in 0..3 + self.dice.below(5) {
                    let mut p = self.person();
                    p.email.clone_from(&mail);
                    p.trap.clone_from(&tag);
                    all.push(p);
                }
                return all;
            }
            "same_local_part" => {
                let local = first.email.split('@').next().unwrap_or_default().to_owned();
                let domain = if first.email.ends_with("ukr.net") { "mail.ru" } else { "ukr.net" };
                second.email = format!("{local}@{domain}");
            }
            "recycled_number" => second.phone.clone_from(&first.phone),
            _ => {
                second.surname = first.surname;
                second.father = first.father;
                second.male = first.male;
                if second.given == first.given {
                    second.given += 1;
                }
                first.has_patronymic = true;
                second.has_patronymic = true;
                second.phone.clone_from(&first.phone);
                second.email = self.email(&second);
            }
        }
        vec![first, second]
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let dir = std::path::PathBuf::from(&args[0]);
    let orders: usize = option("--orders").and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let seed: u64 = option("--seed").and_then(|n| n.parse().ok()).unwrap_or(1);
    let single = args.iter().any(|a| a == "--single");
    let mut world = World::new(seed, orders);
    let mut rows: Vec<(String, String, String)> = Vec::with_capacity(orders);
    let mut person = 0;
    let mut group = 0;
    while rows.len() < orders {
        group += 1;
        for p in world.group(group) {
            person += 1;
            let cards = 1 + usize::from(world.dice.chance(8.0)) + usize::from(world.dice.chance(1.0));
            let repeat = if single { 1 } else { 1 + world.dice.skewed(3) };
            for card in 0..cards {
                let (name, email, phone, kinds) = world.record(&p, card > 0);
                for _ in 0..repeat.max(1) {
                    let mut cells = String::new();
                    let _ = write!(cells, "{},{},{}", quoted(&name), quoted(&email), quoted(&phone));
                    rows.push((
                        cells,
                        format!("P{person},P{person}.{card},{kinds},{}", p.trap),
                        String::new(),
                    ));
                    if card > 0 && world.dice.chance(50.0) {
                        break;
                    }
                }
            }
        }
    }
    rows.truncate(orders);
    for i in (1..rows.len()).rev() {
        let j = world.dice.below(i + 1);
        rows.swap(i, j);
    }
    std::fs::create_dir_all(&dir).unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(dir.join("orders.csv")).unwrap());
    let mut truth = std::io::BufWriter::new(std::fs::File::create(dir.join("truth.csv")).unwrap());
    writeln!(out, "Order no,Full name,E-mail,Phone").unwrap();
    writeln!(truth, "record_id,source,person_id,card_id,kinds,traps").unwrap();
    for (number, (cells, fact, _)) in rows.iter().enumerate() {
        writeln!(out, "{},{cells}", 100_001 + number).unwrap();
        writeln!(truth, "{},orders,{fact}", 100_001 + number).unwrap();
    }
}
