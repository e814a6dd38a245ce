//! One look for all letters: a text body, and an HTML body with the same words and links.
//!
//! One column without tables, styles inline (several clients drop a `<style>`), and a `<style>` that only adds the dark look
//! for those that keep it. The colours are the dashboard's. Plain `format!`: five kinds of element need no template engine, and
//! here the compiler checks every name; [`escape`] is the only way from text to markup.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Action, Content, PRODUCT};

const FONT: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/// Colours for a dark screen. `!important`, as what it overrides is inline.
const DARK: &str = "@media (prefers-color-scheme:dark){\
    .page{background:#12181a!important}\
    .card{background:#1a2225!important;border-color:#344144!important}\
    .card,.card p,.card h1{color:#e9efed!important}\
    .muted,.card .muted{color:#a7b4b5!important}\
    a{color:#6fd0c1!important}\
    .button{background:#6fd0c1!important;color:#06231f!important}}";

/// The body as text.
pub(super) fn text(content: &Content, public_url: &str) -> String {
    let mut blocks = vec![content.greeting.clone()];
    blocks.extend(content.before.iter().cloned());
    blocks.extend(content.actions.iter().map(|Action { label, link }| format!("{label}:\n{link}")));
    blocks.extend(content.after.iter().cloned());
    blocks.push(format!("-- \n{PRODUCT}, {public_url}\n{}", content.footer));
    blocks.join("\n\n") + "\n"
}

/// The body as HTML.
pub(super) fn html(content: &Content, lang: &str, public_url: &str) -> String {
    let mut body = paragraph(&content.greeting);
    body.extend(content.before.iter().map(|text| paragraph(text)));
    for (position, action) in content.actions.iter().enumerate() {
        body.push_str(&if position == 0 { button(action, content.link_hint) } else { link(action) });
    }
    body.extend(content.after.iter().map(|text| paragraph(text)));
    let (subject, footer, public_url) =
        (escape(&content.subject), escape(&content.footer), escape(public_url));
    format!(
        "<!doctype html>\n\
         <html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{subject}</title>\n<style>{DARK}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:24px 12px;background:#f7f6f2;{FONT}\">\n\
         <div class=\"card\" style=\"max-width:560px;margin:0 auto;padding:32px;box-sizing:border-box;background:#ffffff;\
         color:#1b2426;border:1px solid #dcd8ce;border-radius:14px\">\n\
         <p class=\"muted\" style=\"margin:0 0 24px;font-size:14px;font-weight:600;color:#566064\">{PRODUCT}</p>\n\
         <h1 style=\"margin:0 0 20px;font-size:22px;line-height:1.3;color:#1b2426\">{subject}</h1>\n\
         {body}</div>\n\
         <p class=\"muted\" style=\"max-width:560px;margin:16px auto 0;padding:0 32px;box-sizing:border-box;font-size:13px;\
         line-height:1.5;color:#566064\">{footer}<br>{PRODUCT}, <a href=\"{public_url}\" style=\"color:#0b6b62\">{public_url}</a>\
         </p>\n</body>\n</html>\n"
    )
}

fn paragraph(text: &str) -> String {
    let text = escape(text);
    format!("<p style=\"margin:0 0 16px;font-size:16px;line-height:1.5;color:#1b2426\">{text}</p>\n")
}

/// The button, and the address under it for whoever wants to see it first or whose client shows no buttons.
fn button(Action { label, link }: &Action, hint: &str) -> String {
    let (label, link, hint) = (escape(label), escape(link), escape(hint));
    format!(
        "<p style=\"margin:24px 0 8px\"><a class=\"button\" href=\"{link}\" style=\"display:inline-block;padding:12px 24px;\
         border-radius:9px;background:#0b6b62;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none\">{label}</a></p>\n\
         <p class=\"muted\" style=\"margin:0 0 24px;font-size:13px;line-height:1.5;color:#566064;overflow-wrap:anywhere\">\
         {hint} <a href=\"{link}\" style=\"color:#0b6b62\">{link}</a></p>\n"
    )
}

fn link(Action { label, link }: &Action) -> String {
    let (label, link) = (escape(label), escape(link));
    format!(
        "<p style=\"margin:0 0 16px;font-size:16px;line-height:1.5;overflow-wrap:anywhere\">{label}: \
         <a href=\"{link}\" style=\"color:#0b6b62\">{link}</a></p>\n"
    )
}

/// Text as HTML, good between tags and in a double-quoted attribute.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let is_special = |c| matches!(c, '&' | '<' | '>' | '"' | '\'');
    if !text.contains(is_special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_special(character) {
            // Writing to a string cannot fail.
            write!(escaped, "&#{};", u32::from(character)).unwrap_or_default();
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}
