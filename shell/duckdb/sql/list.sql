-- Newest first; the page before ended at (ended, id).
SELECT
    i.id, i.version, i.known, i.first_known, i.first_outcome,
    s.env, s.app, s.name, i.journey, i.step, s.kind, s.traffic, i.started, i.ended,
    i.outcome, i.client_outcome, i.reason, i.outcome_rule, i.rules_version, i.error_class,
    i.recoverable, i.retries, i.duration, i.visible,
    i.phases, i.weight,
    i.customer, i.level, i.account, i.installation, i.session, i.key_id,
    i.trace, i.span, i.service, i.release, i.flags, i.segments,
    i.value_minor, i.currency, i.steps, i.abandoned_how, coalesce(i.draw, 0)
FROM interactions i JOIN scopes s ON s.id = i.scope
WHERE {{filter}} AND {{page}}
ORDER BY i.ended DESC, i.id DESC
LIMIT {{limit}}
