//! Templates are written by people with a login, and still must not stop the machine or read its files.

use std::time::{Duration, Instant};

use basis::Lang;
use content::{Letter, LetterSource, Links, Merge, Person, Sender, TemplateError, rules::letter::untracked};

fn attempt(text: &str) -> TemplateError {
    let source = LetterSource {
        subject: "x".into(),
        mjml: format!(
            "<mjml><mj-body>\n<mj-section><mj-column>\n<mj-text>\n{text}\n</mj-text></mj-column></mj-section></mj-body></mjml>"
        ),
        text: "x".into(),
    };
    let letter = match Letter::compile(Lang::En, &source) {
        Ok(letter) => letter,
        Err(errors) => return errors[0].clone(),
    };
    let merge = Merge::new(Lang::En, &Person::default(), &Sender::default(), Links::default());
    letter.render(&merge, &mut untracked).unwrap_err()
}

#[test]
fn hostile_templates_end_soon_with_the_line() {
    for (text, line, message) in [
        (
            "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}",
            4,
            "runs too long",
        ),
        ("\n{{ 'x' * 10000000000 }}", 5, "too large"),
        ("{% for a in range(9000) %}{{ 'x' * 90000 }}{% endfor %}", 4, "grows past"),
        ("{% set a = 'x' %}", 4, "\"set\" is not allowed"),
        ("{% include '/etc/passwd' %}", 4, "\"include\" is not allowed"),
        ("{% import 'x' as y %}", 4, "\"import\" is not allowed"),
        ("{% extends 'x' %}", 4, "\"extends\" is not allowed"),
        ("{% macro f() %}{{ f() }}{% endmacro %}", 4, "\"macro\" is not allowed"),
        ("{% for a in books recursive %}{{ loop(books) }}{% endfor %}", 4, "recursive"),
        ("a\nb\n{{ givn_name }}", 6, "not known to letters"),
        ("{{ sender.password }}", 4, "not known to letters"),
        ("{{ greeting | replace('a', 'b') }}", 4, "unknown filter"),
        ("{% if %}", 4, "cannot be read"),
        ("{{ books[0].title }}", 4, "not known to letters"),
        ("{{ 'unclosed", 5, "cannot be read"),
    ] {
        let started = Instant::now();
        let error = attempt(text);
        assert!(started.elapsed() < Duration::from_secs(60), "{text} took {:?}", started.elapsed());
        assert!(error.to_string().contains(message), "{error} for {text}");
        // A letter grows too long as a whole, not on a line.
        let expected = (message != "grows past").then_some(line);
        assert_eq!(error.line, expected, "{error} for {text}");
    }
}
