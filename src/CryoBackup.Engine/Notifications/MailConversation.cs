using System.Globalization;
using System.Text;
using MailKit;

namespace CryoBackup.Notifications;

/// <summary>
/// Listens to the conversation with a mail server: knows what was asked last and what came back, so that a refusal is told in our own
/// words, and ends a conversation that is none.
/// </summary>
internal sealed class MailConversation : IProtocolLogger
{
    private const int LongestLine = 4096;
    private const int MostLines = 200;
    private static readonly string[] Commands = ["EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "DATA"];

    private readonly StringBuilder _line = new();
    private readonly List<string> _answer = [];
    private string _asked = "the greeting";
    private int _code;
    private bool _isAnswered;
    private bool _takesMessage;

    /// <inheritdoc/>
    public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

    /// <summary>What the last answer refuses.</summary>
    /// <param name="what">What was asked, in words; null for the last command.</param>
    public NotificationFailure Refusal(string? what = null) =>
        new(
            string.Create(CultureInfo.InvariantCulture, $"the mail server refused {what ?? _asked}: {_code} ({InWords(_code)})"),
            isTransient: _code is >= 400 and < 500
        )
        {
            Answer = string.Join(' ', _answer),
        };

    /// <inheritdoc/>
    public void LogConnect(Uri uri) { }

    /// <inheritdoc/>
    /// <exception cref="NotificationFailure">The command before was refused, and an answer to this one is not worth the wait.</exception>
    public void LogClient(byte[] buffer, int offset, int count)
    {
        string sent = Encoding.UTF8.GetString(buffer, offset, count);
        if (sent.StartsWith("RSET", StringComparison.Ordinal))
        {
            throw Refusal();
        }

        _answer.Clear();
        _isAnswered = false;
        if (_takesMessage)
        {
            _asked = "the message";
        }
        else if (Array.Exists(Commands, command => sent.StartsWith(command, StringComparison.Ordinal)))
        {
            // What follows an account's name and password must not be told.
            string[] words = sent.Split([' ', ':', '\r'], 3);
            _asked = words[0] is "AUTH" or "MAIL" ? $"{words[0]} {words[1]}" : words[0];
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotificationFailure">What came is not what a mail server says.</exception>
    public void LogServer(byte[] buffer, int offset, int count)
    {
        foreach (char character in Encoding.UTF8.GetString(buffer, offset, count))
        {
            // What comes in clear after STARTTLS was slipped in by somebody between.
            if (_isAnswered && _asked == "STARTTLS")
            {
                throw new NotificationFailure("the mail server spoke out of turn before the encryption began", isTransient: false);
            }

            if (character == '\n')
            {
                TakeLine(_line.ToString().TrimEnd('\r'));
                _line.Clear();
            }
            else if (_line.Append(character).Length > LongestLine)
            {
                throw new NotificationFailure("the mail server's answer has a line without end", isTransient: false);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <summary>An answer has one or more lines; all but the last have a hyphen after the code.</summary>
    private void TakeLine(string line)
    {
        if (
            line.Length < 3
            || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            || (line.Length > 3 && line[3] is not (' ' or '-'))
            || (!_isAnswered && _answer.Count > 0 && code != _code)
        )
        {
            throw new NotificationFailure("what answers there is not a mail server", isTransient: false);
        }

        if (_isAnswered)
        {
            _answer.Clear();
        }

        (_code, _isAnswered) = (code, line.Length == 3 || line[3] == ' ');
        _answer.Add(line.Length > 4 ? line[4..] : "");
        _takesMessage = code == 354;
        if (_answer.Count > MostLines)
        {
            throw new NotificationFailure("the mail server's answer does not end", isTransient: false);
        }
    }

    // What comes with a code is the server's own text, which may repeat what it was sent.
    private static string InWords(int code) =>
        code switch
        {
            421 => "not available",
            < 500 => code >= 400 ? "not now" : "unexpected",
            < 530 => "not understood",
            530 => "it demands an account",
            534 or 535 or 538 => "the account or its password is not taken",
            550 or 551 or 553 => "no such mailbox, or not permitted",
            552 => "too large",
            554 => "not taken",
            _ => "refused",
        };
}
