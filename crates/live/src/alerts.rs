//! What a person has to know of, told by webhook, Telegram and e-mail.
//!
//! [`AlertSettings`] say who is told of what. [`AlertRouter`] decides what is sent where and when, under numbered rules and
//! without a clock or a network: the same again is counted, receivers are not flooded, nothing waits without bound. With the
//! feature `alerts`, `AlertSender` carries that out from a task of its own, so that raising an alert never holds trading up.

mod alert;
mod error;
mod router;
#[cfg(feature = "alerts")]
mod sender;
mod settings;
#[cfg(feature = "alerts")]
mod sink;

pub use self::{
    alert::{Alert, AlertLevel, MAX_LABELS, MAX_TEXT, MAX_TITLE, MAX_WORD},
    error::AlertError,
    router::{
        AlertRouter, Delivery, MAX_BACKOFF, MAX_HELD_CODES, MAX_KEYS, MAX_TRIES, MAX_WAITING, SendOutcome,
        SinkCounts,
    },
    settings::{
        AlertRule, AlertSettings, EmailSettings, MAX_RULES, MAX_SINKS, MailTls, RateLimit, TelegramSettings,
        WebhookFormat, WebhookSettings,
    },
};
#[cfg(feature = "alerts")]
pub use self::{sender::AlertSender, sink::SEND_TIMEOUT};
