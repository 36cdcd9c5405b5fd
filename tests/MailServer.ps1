# A mail server on loopback, in a thread of its own, that keeps what it is sent: plain SMTP, one conversation after the other.
function Open-MailServer {
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $messages = [System.Collections.Concurrent.ConcurrentQueue[string]]::new()
    $job = Start-ThreadJob -ScriptBlock {
        $listening = $using:listener
        $kept = $using:messages
        while ($true) {
            try {
                $client = $listening.AcceptTcpClient()
            }
            catch {
                # The listener was stopped.
                return
            }

            # Who says nothing for so long has gone.
            $client.ReceiveTimeout = 20000
            $reader = [System.IO.StreamReader]::new($client.GetStream())
            $writer = [System.IO.StreamWriter]::new($client.GetStream())
            $writer.NewLine = "`r`n"
            $writer.AutoFlush = $true
            $writer.WriteLine('220 127.0.0.1 ESMTP')
            while ($null -ne ($line = $reader.ReadLine())) {
                switch -Regex ($line) {
                    '^EHLO ' { $writer.WriteLine("250-127.0.0.1`r`n250 8BITMIME") }
                    '^DATA$' {
                        $writer.WriteLine('354 go on')
                        $text = [System.Text.StringBuilder]::new()
                        while (($line = $reader.ReadLine()) -ne '.') {
                            $null = $text.AppendLine(($line -replace '^\.\.', '.'))
                        }

                        $kept.Enqueue("$text")
                        $writer.WriteLine('250 kept')
                    }
                    '^QUIT$' { $writer.WriteLine('221 good bye') }
                    default { $writer.WriteLine('250 well') }
                }
            }

            $client.Dispose()
        }
    }

    [pscustomobject] @{ Port = $listener.LocalEndpoint.Port; Messages = $messages; Listener = $listener; Job = $job }
}

function Close-MailServer($Server) {
    $Server.Listener.Stop()
    $null = $Server.Job | Wait-Job -Timeout 30
    $Server.Job | Remove-Job -Force
}

# The parts of a message by their kind (text/plain, text/html), as text; under Subject its subject.
function Get-MailPart([string] $Message) {
    $text = $Message.ReplaceLineEndings("`n")
    $parts = @{ Subject = [regex]::Match($text, '(?m)^Subject: (.*(?:\n[ \t].*)*)').Groups[1].Value -replace '\n[ \t]', ' ' }
    $boundary = [regex]::Match($text, 'boundary="?([^"\n;]+)').Groups[1].Value
    foreach ($part in $text -split "(?m)^--$([regex]::Escape($boundary))(?:--)?`$") {
        $head, $body = $part.TrimStart("`n") -split '\n\n', 2
        if ($head -match 'Content-Type: (text/\w+)') {
            $kind = $Matches[1]
            if ($head -match '(?i)Content-Transfer-Encoding: base64') {
                $body = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($body.Trim()))
            }
            elseif ($head -match '(?i)Content-Transfer-Encoding: quoted-printable') {
                $bytes = ($body -replace '=\n') -replace '=([0-9A-F]{2})', { [string] [char] [Convert]::ToInt32($_.Groups[1].Value, 16) }
                $body = [System.Text.Encoding]::UTF8.GetString([System.Text.Encoding]::Latin1.GetBytes($bytes))
            }

            $parts[$kind] = $body
        }
    }

    $parts
}
