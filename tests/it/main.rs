//! The one integration-test binary.

#[cfg(test)]
mod attach;
mod cli;
#[cfg(test)]
mod console_pty;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod drain_real;
#[cfg(test)]
mod host_real;
#[cfg(test)]
mod instructions;
#[cfg(test)]
mod journals;
#[cfg(test)]
mod kill_and_resume;
#[cfg(test)]
mod layers;
mod logs_real;
#[cfg(test)]
mod performer;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod real_units;
#[cfg(test)]
mod recordings;
mod redis_source;
#[cfg(test)]
mod rehearse;
#[cfg(test)]
mod report_later;
mod rescue;
#[cfg(test)]
mod scripted_drains;
mod support;
#[cfg(test)]
mod timeouts_real;
