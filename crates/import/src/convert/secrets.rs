//! `RUN --mount=type=secret`.

use super::{Loss, mounts::table, stage::StageConversion};
use crate::{dockerfile::Mount, finding::Weight, model::Value, text::braces_doubled};

impl StageConversion<'_, '_, '_> {
    pub(super) fn secret(&mut self, mount: &Mount, secrets: &mut Vec<Value>) -> Result<(), Loss> {
        let base = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
        let given = mount.source.clone().or_else(|| mount.id.clone());
        let id = given.or_else(|| mount.target.as_ref().map(base));
        let id = id.ok_or_else(|| Loss::new("a secret has neither id nor target"))?;
        if mount.mode.is_some() || mount.uid.is_some() || mount.gid.is_some() {
            let reason = "a secret can be read by every user: `mode`, `uid` and `gid` have no key";
            self.tell(Weight::Changed, reason);
        }
        let usual = format!("/run/secrets/{}", base(&id));
        let target = mount
            .target
            .clone()
            .filter(|target| *target != usual || base(&id) != id);
        let target = target.or_else(|| (base(&id) != id && mount.env.is_none()).then_some(usual));
        let mut one = |env: Option<String>, target: Option<String>| {
            let is_plain = env.is_none() && target.is_none() && mount.required;
            if is_plain {
                secrets.push(Value::Text(id.clone()));
                return;
            }
            let mut value = table(vec![
                ("id", Some(id.clone())),
                ("env", env),
                ("target", target),
            ]);
            if let Value::Table(pairs) = &mut value
                && !mount.required
            {
                pairs.push(("optional".to_owned(), Value::Bool(true)));
            }
            secrets.push(value);
        };
        match &mount.env {
            Some(env) => {
                one(Some(braces_doubled(env)), None);
                if mount.target.is_some() {
                    one(None, target);
                }
            }
            None => one(None, target),
        }
        Ok(())
    }
}
