//! The letters in English.

use super::{Action, Content, Letter, PRODUCT};
use crate::domain::user::Role;

/// What to do when it was not them.
const NOT_YOU: &str = "If this was not you, somebody may know your password: set a new one from the sign-in page, and tell \
                       an admin of your school.";
/// Why a person gets a mail about their account.
const ABOUT_ACCOUNT: &str = "You get this mail because it is about the security of your account.";
/// For a mail that anybody can cause by typing an address.
const ASKED_FOR: &str = "You get this mail because somebody entered this address. We write only when asked.";

/// Says a letter in English.
pub(super) fn content(letter: &Letter, name: &str, public_url: &str) -> Content {
    let said = match letter {
        Letter::VerifyEmail { link } => verify_email(link),
        Letter::AlreadyRegistered { sign_in_link, reset_link } => {
            already_registered(sign_in_link, reset_link)
        }
        Letter::PasswordReset { link } => password_reset(link),
        Letter::PasswordChanged => password_changed(),
        Letter::SessionStolen { device, place } => session_stolen(device, place),
        Letter::SignInFromNewDevice { device, place } => new_device(device, place),
        Letter::FactorAdded { name } => factor_added(name),
        Letter::FactorRemoved { name } => factor_removed(name),
        Letter::RecoveryCodeUsed { left } => recovery_code_used(*left),
        Letter::Invitation { school_name, inviter_name, role, link } => {
            invitation(school_name, inviter_name, *role, link)
        }
        Letter::AccountSuspended { school_name } => suspended(school_name),
    };
    let is_asked_for = !said.actions.is_empty();
    Content {
        subject: said.subject,
        greeting: if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") },
        before: said.before,
        actions: if is_asked_for { said.actions } else { vec![action("Open ToolboxAI Edge", public_url)] },
        link_hint: "or open this address:",
        after: said.after.into_iter().map(str::to_owned).collect(),
        footer: if is_asked_for { ASKED_FOR } else { ABOUT_ACCOUNT }.to_owned(),
    }
}

/// What one letter says. One without actions tells of an account, and leads to the dashboard.
struct Said {
    subject: String,
    before: Vec<String>,
    actions: Vec<Action>,
    after: Vec<&'static str>,
}

fn action(label: &'static str, link: &str) -> Action {
    Action { label, link: link.to_owned() }
}

fn notice(subject: String, before: Vec<String>, after: Vec<&'static str>) -> Said {
    Said { subject, before, actions: Vec::new(), after }
}

fn verify_email(link: &str) -> Said {
    Said {
        subject: format!("Confirm your address for {PRODUCT}"),
        before: vec![format!(
            "Welcome to {PRODUCT}. Confirm that this address is yours, and you can sign in."
        )],
        actions: vec![action("Confirm my address", link)],
        after: vec![
            "The link works once. If you did not register, ignore this mail: the account stays closed.",
        ],
    }
}

fn already_registered(sign_in_link: &str, reset_link: &str) -> Said {
    Said {
        subject: format!("You already have an account at {PRODUCT}"),
        before: vec![format!(
            "Somebody, probably you, tried to register at {PRODUCT} with this address. It has an account already, so \
             nothing was changed."
        )],
        actions: vec![action("Sign in", sign_in_link), action("Set a new password", reset_link)],
        after: vec![
            "If it was not you, there is nothing to do: nobody learned that this address has an account.",
        ],
    }
}

fn password_reset(link: &str) -> Said {
    Said {
        subject: format!("Set a new password for {PRODUCT}"),
        before: vec!["Somebody, probably you, asked for a new password for your account.".to_owned()],
        actions: vec![action("Set a new password", link)],
        after: vec![
            "The link works once and not for long. A new password signs you out everywhere.",
            "If it was not you, there is nothing to do: your password stays as it is.",
        ],
    }
}

fn invitation(school: &str, inviter: &str, role: Role, link: &str) -> Said {
    let role = match role {
        Role::Admin => "an admin",
        Role::Teacher => "a teacher",
        Role::Student => "a student",
        Role::Parent => "a parent",
    };
    Said {
        subject: format!("{inviter} invites you to {school}"),
        before: vec![format!("{inviter} invites you to join {school} on {PRODUCT} as {role}.")],
        actions: vec![action("See the invitation", link)],
        after: vec![
            "If you do not know who this is, ignore this mail: nothing happens unless you accept.",
            "The link works once.",
        ],
    }
}

fn password_changed() -> Said {
    notice(
        format!("Your {PRODUCT} password was changed"),
        vec!["The password of your account was changed, and your other devices were signed out.".to_owned()],
        vec![NOT_YOU],
    )
}

fn session_stolen(device: &str, place: &str) -> Said {
    let whence = whence(device, place);
    notice(
        format!("We signed you out of {PRODUCT} for your safety"),
        vec![
            format!(
                "A sign-in of yours was used a second time, from {whence}. That happens when somebody copies it from \
                 your device, so we ended it for good."
            ),
            "Sign in again where you work. If you do not know that device, change your password first."
                .to_owned(),
        ],
        vec![NOT_YOU],
    )
}

fn new_device(device: &str, place: &str) -> Said {
    let whence = whence(device, place);
    notice(
        format!("New sign-in to {PRODUCT}"),
        vec![format!("Your account was just used to sign in from {whence}.")],
        vec!["If this was you, there is nothing to do.", NOT_YOU],
    )
}

fn factor_added(name: &str) -> Said {
    notice(
        format!("A second step was added to your {PRODUCT} account"),
        vec![format!("“{name}” can now confirm that it is you who signs in.")],
        vec![NOT_YOU],
    )
}

fn factor_removed(name: &str) -> Said {
    notice(
        format!("A second step was removed from your {PRODUCT} account"),
        vec![format!("“{name}” no longer confirms that it is you who signs in.")],
        vec![NOT_YOU],
    )
}

fn recovery_code_used(left: u32) -> Said {
    let left = match left {
        0 => "You have none left: make new ones in your profile.".to_owned(),
        1 => "You have one left: make new ones in your profile.".to_owned(),
        _ => format!("You have {left} left."),
    };
    notice(
        format!("A recovery code of your {PRODUCT} account was used"),
        vec!["Somebody used one of your recovery codes to sign in. It does not work again.".to_owned(), left],
        vec![NOT_YOU],
    )
}

fn suspended(school: &str) -> Said {
    notice(
        format!("Your {PRODUCT} account was suspended"),
        vec![format!(
            "An admin of {school} suspended your account. You cannot sign in until they restore it; nothing of yours was \
             deleted."
        )],
        vec!["If you think that this is a mistake, ask an admin of your school."],
    )
}

fn whence(device: &str, place: &str) -> String {
    let device = if device.is_empty() { "an unknown device" } else { device };
    if place.is_empty() { device.to_owned() } else { format!("{device} ({place})") }
}
