//! Notifications that are sent for a test: the button, and what came back of each channel.

use maud::{Markup, html};

use super::Reader;
use super::dialog::close;
use super::problem::failure;
use reforge_documents::notification::{NotificationTest, NotificationTests, Notifications};

/// The button, where there is a channel and somebody who may use it.
pub(super) fn asked(reader: &Reader, notifications: &Notifications) -> Markup {
    let say = reader.say;
    html! {
        @if reader.is_admin() && !notifications.channels.is_empty() {
            p .buttons {
                button #test-notifications type="button" data-act="dialog" data-post="/notifications/test" data-body="{}"
                    data-looking=(say.text("sending-a-test")) { (say.text("send-a-test")) }
            }
        }
    }
}

pub(crate) fn tested(reader: &Reader, tests: &NotificationTests) -> Markup {
    html! {
        h2 #dialog-title { (reader.say.text("test-was-sent")) }
        ul #tested .cards { @for test in &tests.channels { li data-sent[test.sent] { (one(reader, test)) } } }
        (close(reader))
    }
}

fn one(reader: &Reader, test: &NotificationTest) -> Markup {
    let say = reader.say;
    html! {
        h3 { bdi { (test.channel) } }
        @match &test.error {
            Some(error) => { (failure(reader, error)) }
            None => {
                p {
                    (say.with("taken-after", [("time", say.duration(test.took_ms).into())]))
                    @if let Some(answer) = test.answer.as_ref().filter(|answer| !answer.is_empty()) { ": " bdi { (answer) } }
                }
            }
        }
    }
}
