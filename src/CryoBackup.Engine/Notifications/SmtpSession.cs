using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace CryoBackup.Notifications;

/// <summary>A conversation with a mail server (RFC 5321), as far as sending one message needs it.</summary>
internal sealed class SmtpSession : IDisposable
{
    private const int LongestLine = 4096;
    private const int MostLines = 200;
    private readonly TcpClient _client = new();
    private readonly byte[] _buffer = new byte[LongestLine];
    private Stream _stream = Stream.Null;
    private int _start;
    private int _end;
    private HashSet<string> _extensions = new(StringComparer.OrdinalIgnoreCase);
    private string _mechanisms = "";

    /// <summary>True once the conversation is encrypted.</summary>
    public bool IsSecure => _stream is SslStream;

    /// <summary>Connects. The server's greeting is read by <see cref="GreetAsync"/>.</summary>
    /// <param name="host">The server.</param>
    /// <param name="port">Its port.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        await _client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        _stream = _client.GetStream();
    }

    /// <summary>Encrypts the conversation from here on.</summary>
    /// <param name="options">The server's name, and whom to trust.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The server's certificate is not trusted.</exception>
    public async Task SecureAsync(SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        // What came in clear after STARTTLS was slipped in by somebody between.
        if (_start != _end)
        {
            throw new NotificationFailure("the mail server spoke out of turn before the encryption began", isTransient: false);
        }

        var stream = new SslStream(_stream);
        await stream.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
        _stream = stream;
    }

    /// <summary>Reads the greeting, where there is one to come, and says hello.</summary>
    /// <param name="expectsGreeting">False after STARTTLS.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task GreetAsync(bool expectsGreeting, CancellationToken cancellationToken)
    {
        if (expectsGreeting)
        {
            Require(await ReadAsync(cancellationToken).ConfigureAwait(false), 220, "the greeting");
        }

        (_, string[] lines) = await CommandAsync($"EHLO {OwnName()}", 250, "EHLO", cancellationToken).ConfigureAwait(false);
        _extensions = lines.Skip(1).Select(line => line.Split(' ', 2)[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        _mechanisms = Array.Find(lines, line => line.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase))?[5..] ?? "";
    }

    /// <summary>Tells whether the server offers an extension.</summary>
    /// <param name="extension">For example STARTTLS.</param>
    public bool Offers(string extension) => _extensions.Contains(extension);

    /// <summary>Proves who we are, by PLAIN or LOGIN.</summary>
    /// <param name="user">The account.</param>
    /// <param name="password">Its password.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task AuthenticateAsync(string user, string password, CancellationToken cancellationToken)
    {
        string[] offered = _mechanisms.ToUpperInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (offered.Contains("PLAIN", StringComparer.Ordinal))
        {
            await CommandAsync($"AUTH PLAIN {Base64($"\0{user}\0{password}")}", 235, "AUTH PLAIN", cancellationToken).ConfigureAwait(false);
        }
        else if (offered.Contains("LOGIN", StringComparer.Ordinal))
        {
            await CommandAsync("AUTH LOGIN", 334, "AUTH LOGIN", cancellationToken).ConfigureAwait(false);
            await CommandAsync(Base64(user), 334, "AUTH LOGIN", cancellationToken).ConfigureAwait(false);
            await CommandAsync(Base64(password), 235, "AUTH LOGIN", cancellationToken).ConfigureAwait(false);
        }
        else
        {
            throw new NotificationFailure(
                offered.Length == 0
                    ? "an account is configured, but the mail server offers no authentication"
                    : "the mail server offers neither AUTH PLAIN nor AUTH LOGIN",
                isTransient: false
            )
            {
                Answer = _mechanisms,
            };
        }
    }

    /// <summary>Sends one message to those receivers that the server takes.</summary>
    /// <param name="from">The sender's address.</param>
    /// <param name="to">The receivers' addresses.</param>
    /// <param name="message">The message, in lines ended by CR LF.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotificationFailure">Nobody, or not everybody, was sent it.</exception>
    public async Task SendAsync(string from, IReadOnlyList<string> to, byte[] message, CancellationToken cancellationToken)
    {
        await CommandAsync($"MAIL FROM:<{from}>", 250, "MAIL FROM", cancellationToken).ConfigureAwait(false);
        var refused = new List<NotificationFailure>();
        foreach (string receiver in to)
        {
            await WriteAsync($"RCPT TO:<{receiver}>", cancellationToken).ConfigureAwait(false);
            (int code, string[] lines) = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (code is not (250 or 251))
            {
                refused.Add(Refusal(code, lines, $"the receiver {receiver}"));
            }
        }

        if (refused.Count == to.Count)
        {
            throw refused.Find(failure => failure.IsTransient) ?? refused[0];
        }

        await CommandAsync("DATA", 354, "DATA", cancellationToken).ConfigureAwait(false);
        await _stream.WriteAsync(Stuff(message), cancellationToken).ConfigureAwait(false);
        await CommandAsync(".", 250, "the message", cancellationToken).ConfigureAwait(false);
        if (refused.Count > 0)
        {
            // Sent again, it would reach the others twice.
            throw new NotificationFailure($"{refused[0].Message}; the other receivers were sent it", isTransient: false);
        }
    }

    /// <summary>Says goodbye. The message is the server's by now, so that no answer is waited for.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task QuitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync("QUIT", cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It hung up before.
        }
    }

    /// <summary>Asks for encryption.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task StartTlsAsync(CancellationToken cancellationToken) => CommandAsync("STARTTLS", 220, "STARTTLS", cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    /// <summary>A line that begins with a dot would end the message: it gets a second one.</summary>
    private static byte[] Stuff(byte[] message)
    {
        var stuffed = new List<byte>(message.Length + 16);
        for (int i = 0; i < message.Length; i++)
        {
            if (message[i] == '.' && (i == 0 || message[i - 1] == '\n'))
            {
                stuffed.Add((byte)'.');
            }

            stuffed.Add(message[i]);
        }

        return [.. stuffed];
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>The name of this machine where it is one of the DNS, as the protocol demands; else the address of nobody.</summary>
    private static string OwnName()
    {
        string name = Environment.MachineName.ToLowerInvariant();
        return name.Length > 0 && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.')
            ? name
            : "[127.0.0.1]";
    }

    private static void Require((int Code, string[] Lines) reply, int code, string what)
    {
        if (reply.Code != code)
        {
            throw Refusal(reply.Code, reply.Lines, what);
        }
    }

    private static NotificationFailure Refusal(int code, string[] lines, string what) =>
        new(
            string.Create(CultureInfo.InvariantCulture, $"the mail server refused {what}: {code} ({InWords(code)})"),
            isTransient: code is >= 400 and < 500
        )
        {
            Answer = string.Join(' ', lines),
        };

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

    private async Task<(int Code, string[] Lines)> CommandAsync(string line, int code, string what, CancellationToken cancellationToken)
    {
        await WriteAsync(line, cancellationToken).ConfigureAwait(false);
        (int Code, string[] Lines) reply = await ReadAsync(cancellationToken).ConfigureAwait(false);
        Require(reply, code, what);
        return reply;
    }

    private async Task WriteAsync(string line, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A reply of one or more lines; all but the last have a hyphen after the code.</summary>
    private async Task<(int Code, string[] Lines)> ReadAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        while (lines.Count < MostLines)
        {
            string line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int code))
            {
                throw new NotificationFailure("what answers there is not a mail server", isTransient: false);
            }

            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] != '-')
            {
                return (code, [.. lines]);
            }
        }

        throw new NotificationFailure("the mail server's answer does not end", isTransient: false);
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                string line = Encoding.UTF8.GetString(_buffer, _start, length).TrimEnd('\r');
                _start += length + 1;
                return line;
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
            {
                throw new NotificationFailure("the mail server's answer has a line without end", isTransient: false);
            }

            int read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new NotificationFailure("the mail server hung up", isTransient: true);
            }

            _end += read;
        }
    }
}
