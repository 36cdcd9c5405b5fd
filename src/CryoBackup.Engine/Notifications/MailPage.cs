using CryoBackup.Configuration;
using CryoBackup.Reports;

namespace CryoBackup.Notifications;

/// <summary>A notification as HTML for mail programs, which know neither style sheets nor much else.</summary>
internal static class MailPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="notification">What is told.</param>
    public static string Write(Notification notification)
    {
        string colour = notification.Event switch
        {
            NotificationEvent.Success => "#14713d",
            NotificationEvent.Warning => "#8a5a00",
            _ => "#b3261e",
        };
        return new HtmlText()
            .Markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Element("title", notification.Title)
            .Markup("</head>\n<body style=\"font-family:sans-serif\">\n")
            .Element($"h2 style=\"border-left:8px solid {colour};padding-left:10px\"", notification.Title)
            .Element("pre style=\"white-space:pre-wrap\"", notification.Body)
            .Markup("</body></html>\n")
            .ToString();
    }
}
