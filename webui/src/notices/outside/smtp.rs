//! Handing one e-mail to the mail server, step by step, so that it is known which step failed.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder, TlsVersion,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::claim::Outcome;
use super::letter::Letter;
use super::model::{Reason, Smtp, SmtpTls};

/// One command's answer.
const STEP_MAX: Duration = Duration::from_secs(20);

/// The whole, well below a claim's lease.
const SEND_MAX: Duration = Duration::from_secs(75);

/// Sends it once. What the server took may have been taken although the answer was lost.
pub async fn send(smtp: &Smtp, own_name: &str, letter: &Letter) -> Outcome {
    match timeout(SEND_MAX, hand_over(smtp, own_name, letter)).await {
        Ok(Ok(())) => Outcome::Told,
        Ok(Err(outcome)) => outcome,
        Err(_) => Outcome::Later(Reason::Slow),
    }
}

async fn hand_over(smtp: &Smtp, own_name: &str, letter: &Letter) -> Result<(), Outcome> {
    let own = || Outcome::Later(Reason::Own);
    let from: lettre::Address = smtp.from.parse().map_err(|_| own())?;
    let to: lettre::Address = letter.to.text().parse().map_err(|_| own())?;
    let mut line = connect(smtp, own_name).await?;
    if let Some(access) = &smtp.access {
        let credentials = Credentials::new(access.user.clone(), access.password.clone());
        let known = line.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
        known.await.map_err(|error| match error.is_permanent() || error.is_client() {
            true => Outcome::Later(Reason::Login),
            false => Outcome::Later(reason(&error)),
        })?;
    }
    let failed = |error: lettre::transport::smtp::Error| Outcome::Later(reason(&error));
    step(line.command(Mail::new(Some(from), Vec::new()))).await?.map_err(failed)?;
    step(line.command(Rcpt::new(to, Vec::new()))).await?.map_err(|error| refused(&error))?;
    step(line.command(Data)).await?.map_err(failed)?;
    step(line.message(&letter.bytes)).await?.map_err(failed)?;
    // It has the letter; whether it says farewell is its own affair.
    drop(timeout(Duration::from_secs(2), line.quit()).await);
    Ok(())
}

async fn step<T>(work: impl Future<Output = T>) -> Result<T, Outcome> {
    timeout(STEP_MAX, work).await.map_err(|_| Outcome::Later(Reason::Slow))
}

async fn connect(smtp: &Smtp, own_name: &str) -> Result<AsyncSmtpConnection, Outcome> {
    let hello = ClientId::Domain(own_name.to_owned());
    let server = (smtp.host.as_str(), smtp.port);
    let failed = |error: lettre::transport::smtp::Error| Outcome::Later(reason(&error));
    let first = match smtp.tls {
        SmtpTls::Tls => Some(tls(smtp)?),
        SmtpTls::StartTls | SmtpTls::None => None,
    };
    let line = AsyncSmtpConnection::connect_tokio1(server, Some(STEP_MAX), &hello, first, None);
    let mut line = step(line).await?.map_err(failed)?;
    if smtp.tls == SmtpTls::StartTls {
        // A line that offers none may have somebody in its middle: no word without it.
        if !line.can_starttls() {
            return Err(Outcome::Later(Reason::Tls));
        }
        let turned = line.starttls(tls(smtp)?, &hello);
        step(turned).await?.map_err(|error| match error.status() {
            Some(_) => Outcome::Later(reason(&error)),
            None => Outcome::Later(Reason::Tls),
        })?;
    }
    Ok(line)
}

fn tls(smtp: &Smtp) -> Result<TlsParameters, Outcome> {
    let broken = |_| Outcome::Later(Reason::Tls);
    let mut builder =
        TlsParametersBuilder::new(smtp.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(ca) = &smtp.ca {
        let pem = std::fs::read(ca).map_err(|_| Outcome::Later(Reason::Tls))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(broken)?);
    }
    builder.build().map_err(broken)
}

fn reason(error: &lettre::transport::smtp::Error) -> Reason {
    match error.status() {
        Some(code) => Reason::Answered(code.into()),
        None if error.is_timeout() => Reason::Slow,
        None if error.is_tls() => Reason::Tls,
        None if error.is_response() => Reason::Cut,
        None if of_tls(error) => Reason::Tls,
        None if was_open(error) => Reason::Cut,
        None => Reason::Unreachable,
    }
}

/// A certificate that does not fit is reported as a fault of the line.
fn of_tls(error: &lettre::transport::smtp::Error) -> bool {
    let text = format!("{error:?}");
    text.contains("InvalidCertificate") || text.contains("AlertReceived")
}

fn was_open(error: &lettre::transport::smtp::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(broken) = cause.downcast_ref::<std::io::Error>() {
            let kind = broken.kind();
            return [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&kind);
        }
        source = cause.source();
    }
    false
}

/// Only where the server says that it is the address; a refusal of us is no fault of it.
fn refused(error: &lettre::transport::smtp::Error) -> Outcome {
    const ADDRESS: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let of_address = ADDRESS.iter().any(|code| said.split_whitespace().any(|word| word == *code));
    let code = error.status().filter(|_| error.is_permanent() && of_address);
    code.map_or_else(
        || Outcome::Later(reason(error)),
        |code| Outcome::Never(Reason::NoSuchAddress(code.into())),
    )
}
