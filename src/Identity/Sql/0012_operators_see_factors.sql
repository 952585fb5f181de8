-- That an account has a second factor, an operator sees as all else of accounts; what proves anybody, the grants keep from every request.
CREATE POLICY operator ON identity.totp FOR SELECT TO tollgate_app USING (foundation.current_operator());
CREATE POLICY operator ON identity.passkey FOR SELECT TO tollgate_app USING (foundation.current_operator());
