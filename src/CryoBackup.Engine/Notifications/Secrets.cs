using System.Text;

namespace CryoBackup.Notifications;

/// <summary>Takes a channel's secrets out of what the other side answers: some services repeat what they were sent.</summary>
internal sealed class Secrets
{
    // Less than this is found in ordinary words.
    private const int Shortest = 4;
    private readonly List<string> _forms = [];

    /// <summary>Knows secrets in the forms in which they travel.</summary>
    /// <param name="secrets">Passwords, keys and addresses; null and empty ones are left out.</param>
    public Secrets(params IEnumerable<string?> secrets)
    {
        foreach (string secret in secrets.Where(secret => secret is { Length: >= Shortest })!)
        {
            _forms.Add(secret);
            _forms.Add(Uri.EscapeDataString(secret));
            _forms.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)));
            if (Uri.TryCreate(secret, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
            {
                // A service knows its own name; the way to it is the secret.
                _forms.Add(address.AbsoluteUri);
                _forms.Add(address.PathAndQuery);
                _forms.Add(address.UserInfo);
                _forms.AddRange(address.Segments.Select(segment => segment.Trim('/')).Where(segment => segment.Length >= 2 * Shortest));
            }
        }

        _forms.RemoveAll(form => form.Length < Shortest);
        _forms.Sort((one, other) => other.Length.CompareTo(one.Length));
    }

    /// <summary>A text on one line, without the secrets.</summary>
    /// <param name="text">Any text.</param>
    public string Clean(string text)
    {
        foreach (string form in _forms)
        {
            text = text.Replace(form, "***", StringComparison.Ordinal);
        }

        return string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character)).Trim();
    }
}
