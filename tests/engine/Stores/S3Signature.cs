using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CryoBackup.Tests.Stores;

/// <summary>Checks Amazon's signature, version 4, and the hash of the body that it covers.</summary>
internal static class S3Signature
{
    /// <summary>The code of the error that the request earns; null for none.</summary>
    public static string? Check(S3Request request, byte[] body, string key, string secret)
    {
        string header = request.Headers["Authorization"] ?? "";
        if (!header.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal))
        {
            return "AccessDenied";
        }

        var parts = header["AWS4-HMAC-SHA256 ".Length..]
            .Split(',', StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        string[] scope = parts["Credential"].Split('/');
        if (scope[0] != key)
        {
            return "InvalidAccessKeyId";
        }

        string date = request.Headers["X-Amz-Date"] ?? "";
        var sent = DateTime.ParseExact(
            date,
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
        );
        if ((DateTime.UtcNow - sent).Duration() > TimeSpan.FromMinutes(15))
        {
            return "RequestTimeTooSkewed";
        }

        string hash = request.Headers["X-Amz-Content-SHA256"] ?? "";
        string canonical = string.Join(
            '\n',
            [
                request.HttpMethod,
                request.RawUrl.Split('?')[0],
                Query(request),
                .. parts["SignedHeaders"].Split(';').Select(name => $"{name}:{Value(request, name)}"),
                "",
                parts["SignedHeaders"],
                hash,
            ]
        );
        string signed =
            $"AWS4-HMAC-SHA256\n{date}\n{string.Join('/', scope[1..])}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        byte[] signing = scope[1..]
            .Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), (link, word) => HMACSHA256.HashData(link, Encoding.UTF8.GetBytes(word)));
        if (Hex(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(signed))) != parts["Signature"])
        {
            return "SignatureDoesNotMatch";
        }

        return hash.Length == 64 && hash != Hex(SHA256.HashData(body)) ? "XAmzContentSHA256Mismatch" : null;
    }

    private static string Value(S3Request request, string name) =>
        name == "host"
            ? request.UserHostName
            : string.Join(' ', (request.Headers[name] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string Query(S3Request request)
    {
        string[] raw = request.RawUrl.Split('?', 2);
        return raw.Length < 2
            ? ""
            : string.Join(
                '&',
                raw[1]
                    .Split('&', StringSplitOptions.RemoveEmptyEntries)
                    .Select(pair => pair.Contains('=') ? pair : pair + "=")
                    .Order(StringComparer.Ordinal)
            );
    }

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();
}
