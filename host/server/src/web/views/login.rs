//! Who are you?

use maud::{Markup, html};

use super::Reader;

/// With what was wrong with the token that was offered, if one was.
pub(crate) fn login(reader: &Reader, problem: Option<&Markup>) -> Markup {
    let say = reader.say;
    let content = html! {
        @if let Some(problem) = problem { div role="alert" { (problem) } }
        form #login data-act="login" {
            label for="token" { (say.text("token")) }
            input #token type="password" required autocomplete="current-password" spellcheck="false"
                aria-describedby="token-hint";
            p #token-hint .hint { (say.text("token-hint")) " " code { "reforge token create" } }
            button #enter { (say.text("log-in")) }
        }
    };
    reader.screen(&say.text("who-are-you"), false, &content)
}
