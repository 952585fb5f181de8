namespace Tollgate.Messaging.Mail;

/// <summary>A mail as it is sent: to one address, in plain text and as HTML.</summary>
internal sealed record Letter(string To, string Name, string Subject, string Text, string Html);
