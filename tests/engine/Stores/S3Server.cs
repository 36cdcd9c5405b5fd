using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Stores;

/// <summary>
/// A server of S3's protocol on loopback that goes wrong where it is told to: signatures, hashes and conditions are checked, parts have
/// their least size, and what it holds can be looked at.
/// </summary>
internal sealed class S3Server : IDisposable
{
    public const string Bucket = "backups";
    public const string AccessKey = "AKIATESTTESTTESTTEST";
    public const string SecretKey = "canary-secret-key-of-the-test-server/0123";

    /// <summary>Smaller than a real one's, so that much can be tried in little time.</summary>
    public const int LeastPart = 64 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<S3Connection, bool> _connections = new();
    private int _requests;
    private bool _isClosed;

    public S3Server()
    {
        _listener.Start();
        Endpoint = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"));
        _ = Task.Run(ListenAsync);
    }

    public Uri Endpoint { get; }

    /// <summary>What goes wrong: takes the number of the request, from 1, and the request.</summary>
    public Func<int, S3Request, S3Fault?> Fault { get; set; } = (_, _) => null;

    public ConcurrentDictionary<string, S3Content> Objects { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, S3Unfinished> Uploads { get; } = new(StringComparer.Ordinal);

    /// <summary>Every request as a line, with the headers that a test may ask for.</summary>
    public ConcurrentQueue<(string Line, WebHeaderCollection Headers)> Seen { get; } = new();

    /// <summary>What this server itself did wrong.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    public void Dispose()
    {
        _isClosed = true;
        _listener.Stop();
        foreach (S3Connection connection in _connections.Keys)
        {
            connection.Dispose();
        }

        Assert.Empty(Failures);
    }

    private async Task ListenAsync()
    {
        while (!_isClosed)
        {
            try
            {
                var connection = new S3Connection(await _listener.AcceptAsync());
                _connections[connection] = true;
                _ = Task.Run(() => ServeAsync(connection));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // A client that is gone already, or the end.
            }
        }
    }

    private async Task ServeAsync(S3Connection connection)
    {
        try
        {
            while (!_isClosed && await connection.ReadHeadAsync() is { } request)
            {
                await ServeAsync(connection, request);
            }
        }
        catch (Exception exception)
        {
            // A client that is gone is none of this server's faults.
            if (exception is not (IOException or SocketException or ObjectDisposedException))
            {
                Failures.Enqueue(exception);
            }

            connection.Cut();
        }

        connection.Dispose();
        _connections.TryRemove(connection, out _);
    }

    private async Task ServeAsync(S3Connection connection, S3Request request)
    {
        Seen.Enqueue(($"{request.HttpMethod} {request.RawUrl}", request.Headers));
        S3Fault? fault = Fault(Interlocked.Increment(ref _requests), request);
        bool cutsInput = fault is { Kind: S3FaultKind.Cut } && request.BodyLength > 0;
        byte[] body = await connection.ReadBodyAsync(request, cutsInput ? fault!.After : int.MaxValue);
        if (cutsInput)
        {
            connection.Cut();
            return;
        }

        S3Answer answer = fault?.Kind switch
        {
            S3FaultKind.Busy => S3Answer.Error(503, "SlowDown"),
            S3FaultKind.Denied => S3Answer.Error(403, "AccessDenied"),
            S3FaultKind.Unknown => S3Answer.Error(501, "NotImplemented"),
            S3FaultKind.WrongBytes => S3Answer.Error(400, "BadDigest"),
            _ => S3Signature.Check(request, body, AccessKey, SecretKey) is { } code
                ? S3Answer.Error(code == "XAmzContentSHA256Mismatch" ? 400 : 403, code)
                : Answer(request, body),
        };
        if (fault?.Kind == S3FaultKind.AnswerLost)
        {
            connection.Cut();
            return;
        }

        await connection.AnswerAsync(request, answer, fault?.Kind == S3FaultKind.Cut ? fault.After : int.MaxValue);
    }

    private S3Answer Answer(S3Request request, byte[] body)
    {
        string[] path = Uri.UnescapeDataString(request.Url.AbsolutePath).TrimStart('/').Split('/', 2);
        if (path[0] != Bucket)
        {
            return S3Answer.Error(404, "NoSuchBucket");
        }

        string key = path.Length > 1 ? path[1] : "";
        System.Collections.Specialized.NameValueCollection query = request.QueryString;
        bool Has(string name) => query[name] is not null || (query.GetValues(null) ?? []).Contains(name);
        return (request.HttpMethod, key.Length > 0) switch
        {
            ("GET", false) when Has("uploads") => S3Listing.OfUploads(Uploads, query["prefix"] ?? ""),
            ("GET", false) => S3Listing.OfObjects(Objects, query["prefix"] ?? "", query["continuation-token"] ?? "", query["delimiter"]),
            ("GET" or "HEAD", true) => Get(request, key),
            ("DELETE", true) when query["uploadId"] is { } upload => Abort(upload),
            ("DELETE", true) => Delete(key),
            ("POST", true) when Has("uploads") => Begin(request, key),
            ("POST", true) => Complete(request, key, query["uploadId"]!, body),
            ("PUT", true) when query["uploadId"] is { } upload => PutPart(
                request,
                upload,
                int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture),
                body
            ),
            ("PUT", true) when Has("legal-hold") => Hold(key, body),
            ("PUT", true) => Put(request, key, body),
            _ => S3Answer.Error(405, "MethodNotAllowed"),
        };
    }

    private S3Answer Put(S3Request request, string key, byte[] body)
    {
        if (!IsIntact(request, body))
        {
            return S3Answer.Error(400, "BadDigest");
        }

        var content = new S3Content(body, request.Headers["x-amz-meta-cryobackup-upload"] ?? "") { Lock = LockOf(request) };
        return Store(request, key, content) ? S3Answer.Good(("ETag", content.Tag)) : S3Answer.Error(412, "PreconditionFailed");
    }

    private static (string, string)? LockOf(S3Request request) =>
        request.Headers["x-amz-object-lock-mode"] is { } mode && request.Headers["x-amz-object-lock-retain-until-date"] is { } until
            ? (mode, until)
            : null;

    private bool Store(S3Request request, string key, S3Content content)
    {
        if (request.Headers["If-None-Match"] == "*")
        {
            return Objects.TryAdd(key, content);
        }

        Objects[key] = content;
        return true;
    }

    private static bool IsIntact(S3Request request, byte[] body) =>
        request.Headers["Content-MD5"] is not { } md5 || md5 == Convert.ToBase64String(MD5.HashData(body));

    private S3Answer Begin(S3Request request, string key)
    {
        string id = Guid.NewGuid().ToString("N");
        Uploads[id] = new S3Unfinished(key, request.Headers["x-amz-meta-cryobackup-upload"] ?? "") { Lock = LockOf(request) };
        return S3Answer.Xml(
            "InitiateMultipartUploadResult",
            new XElement("Bucket", Bucket),
            new XElement("Key", key),
            new XElement("UploadId", id)
        );
    }

    private S3Answer PutPart(S3Request request, string upload, int number, byte[] body)
    {
        if (!Uploads.TryGetValue(upload, out S3Unfinished? unfinished))
        {
            return S3Answer.Error(404, "NoSuchUpload");
        }

        if (!IsIntact(request, body))
        {
            return S3Answer.Error(400, "BadDigest");
        }

        unfinished.Parts[number] = body;
        return S3Answer.Good(("ETag", S3Content.TagOf(body)));
    }

    private S3Answer Complete(S3Request request, string key, string upload, byte[] body)
    {
        if (!Uploads.TryGetValue(upload, out S3Unfinished? unfinished))
        {
            return S3Answer.Error(404, "NoSuchUpload");
        }

        int[] numbers =
        [
            .. XDocument
                .Parse(Encoding.UTF8.GetString(body))
                .Descendants()
                .Where(one => one.Name.LocalName == "PartNumber")
                .Select(one => (int)one),
        ];
        if (numbers.SkipLast(1).Any(number => unfinished.Parts[number].Length < LeastPart))
        {
            return S3Answer.Error(400, "EntityTooSmall");
        }

        using var whole = new MemoryStream();
        foreach (int number in numbers)
        {
            whole.Write(unfinished.Parts[number]);
        }

        var content = new S3Content(whole.ToArray(), unfinished.Mark) { Lock = unfinished.Lock };
        if (!Store(request, key, content))
        {
            return S3Answer.Error(412, "PreconditionFailed");
        }

        Uploads.TryRemove(upload, out _);
        return S3Answer.Xml("CompleteMultipartUploadResult", new XElement("Key", key), new XElement("ETag", content.Tag));
    }

    private S3Answer Abort(string upload) => Uploads.TryRemove(upload, out _) ? new S3Answer(204) : S3Answer.Error(404, "NoSuchUpload");

    private S3Answer Hold(string key, byte[] body)
    {
        if (!Objects.TryGetValue(key, out S3Content? found))
        {
            return S3Answer.Error(404, "NoSuchKey");
        }

        XElement hold = XDocument.Parse(Encoding.UTF8.GetString(body)).Root!;
        Assert.Equal("LegalHold", hold.Name.LocalName);
        Objects[key] = found with { HasLegalHold = hold.Elements().Single(one => one.Name.LocalName == "Status").Value == "ON" };
        return S3Answer.Good();
    }

    private S3Answer Delete(string key)
    {
        if (
            Objects.TryGetValue(key, out S3Content? found)
            && (
                found.HasLegalHold
                || (found.Lock is var (_, until) && DateTimeOffset.Parse(until, CultureInfo.InvariantCulture) > DateTime.UtcNow)
            )
        )
        {
            return S3Answer.Error(403, "AccessDenied");
        }

        Objects.TryRemove(key, out _);
        return new S3Answer(204);
    }

    private S3Answer Get(S3Request request, string key)
    {
        if (!Objects.TryGetValue(key, out S3Content? found))
        {
            return S3Answer.Error(404, "NoSuchKey");
        }

        if (request.Headers["If-Match"] is { } wanted && wanted.Trim('"') != found.Tag.Trim('"'))
        {
            return S3Answer.Error(412, "PreconditionFailed");
        }

        (int start, int end) = (0, found.Bytes.Length);
        bool isPart = request.Headers["Range"] is not null;
        if (request.Headers["Range"] is { } range)
        {
            string[] bounds = range["bytes=".Length..].Split('-');
            start = int.Parse(bounds[0], CultureInfo.InvariantCulture);
            end = Math.Min(end, int.Parse(bounds[1], CultureInfo.InvariantCulture) + 1);
        }

        return new S3Answer(isPart ? 206 : 200)
        {
            Body = found.Bytes[start..end],
            Headers =
            [
                ("ETag", found.Tag),
                ("Last-Modified", found.Modified.ToString("R", CultureInfo.InvariantCulture)),
                ("x-amz-meta-cryobackup-upload", found.Mark),
                .. found.Lock is var (mode, until)
                    ? new[] { ("x-amz-object-lock-mode", mode), ("x-amz-object-lock-retain-until-date", until) }
                    : [],
                .. found.HasLegalHold ? new[] { ("x-amz-object-lock-legal-hold", "ON") } : [],
                .. isPart ? new[] { ("Content-Range", $"bytes {start}-{end - 1}/{found.Bytes.Length}") } : [],
            ],
        };
    }
}
