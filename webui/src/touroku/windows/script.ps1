# この端末を登録するためのファイルです。30分以内に1回だけ使えます。ほかの端末へ渡さないでください。
#
# することは次のとおりです。ファイルは残しません。
#   1. このパソコンの中に鍵を作る（TPM があればその中。鍵はパソコンの外へ出ません）
#   2. 登録の窓口へ証明書を申し込む
#   3. 受け取った証明書を、いまの Windows の利用者に入れる
#   4. 管理者の許可があれば、Edge と Chrome が証明書を自動で選ぶようにする

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Network = @@network@@
$Device = @@device@@
$Url = @@url@@
$Ticket = @@ticket@@
$Pin = @@pin@@
$App = @@app@@
$Issuer = @@issuer@@
$Mode = @@mode@@

# Windows 11 と Windows Server 2022 からは、TLS 1.3 で話せます。
$OldestBuild = 20348
$Subject = 'CN=Tokinet'
$Sites = $App + '/connected'

function Write-Step([string]$Text) {
    Write-Host ('  ' + $Text) -ForegroundColor Cyan
}

function Stop-Here([string]$Text) {
    throw [InvalidOperationException]::new($Text)
}

function Get-Sha256([byte[]]$Bytes) {
    $sha = [Security.Cryptography.SHA256]::Create()
    try {
        return ([BitConverter]::ToString($sha.ComputeHash($Bytes)) -replace '-', '').ToLowerInvariant()
    }
    finally {
        $sha.Dispose()
    }
}

# 公開の証明書なら Windows が確かめる。自前の認証局のときは、そのルートの指紋だけを信じる。
function Set-ServerTrust {
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]0
    if ($Pin -eq '') { return }
    if (-not ('TokinetPin' -as [type])) {
        Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

public static class TokinetPin
{
    static string pin;

    public static void Install(string wanted)
    {
        pin = wanted;
        ServicePointManager.ServerCertificateValidationCallback = Check;
    }

    static bool Check(object sender, X509Certificate leaf, X509Chain chain, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        if (chain == null || chain.ChainElements.Count < 2)
            return false;
        X509ChainStatusFlags harmless = X509ChainStatusFlags.UntrustedRoot
            | X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
        foreach (X509ChainStatus one in chain.ChainStatus)
            if ((one.Status & ~harmless) != X509ChainStatusFlags.NoError)
                return false;
        X509Certificate2 root = chain.ChainElements[chain.ChainElements.Count - 1].Certificate;
        using (SHA256 sha = SHA256.Create())
        {
            string found = BitConverter.ToString(sha.ComputeHash(root.RawData)).Replace("-", "");
            return string.Equals(found, pin, StringComparison.OrdinalIgnoreCase);
        }
    }
}
'@
    }
    [TokinetPin]::Install($Pin)
}

function New-SigningRequest([string]$Folder, [string]$Provider) {
    $inf = Join-Path $Folder 'device.inf'
    $request = Join-Path $Folder 'device.req'
    $lines = @(
        '[Version]',
        'Signature="$Windows NT$"',
        '[NewRequest]',
        ('Subject="' + $Subject + '"'),
        ('FriendlyName="' + $Device + '"'),
        ('ProviderName="' + $Provider + '"'),
        'KeyAlgorithm=ECDSA_P256',
        'KeyLength=256',
        'KeyUsage=0x80',
        'HashAlgorithm=SHA256',
        'RequestType=PKCS10',
        'Exportable=FALSE',
        'MachineKeySet=FALSE',
        'UseExistingKeySet=FALSE',
        'SMIME=FALSE',
        'Silent=TRUE'
    )
    [IO.File]::WriteAllLines($inf, [string[]]$lines, [Text.Encoding]::Unicode)
    $ErrorActionPreference = 'Continue'
    $null = & certreq.exe -new -user -q -f $inf $request 2>&1
    if ($LASTEXITCODE -ne 0 -or -not (Test-Path -LiteralPath $request)) { return '' }
    return [IO.File]::ReadAllText($request)
}

function Send-SigningRequest([string]$Text) {
    try {
        $headers = @{ 'Tokinet-Ticket' = $Ticket }
        $answer = Invoke-WebRequest -UseBasicParsing -Method Post -Uri $Url -Headers $headers `
            -ContentType 'application/pkcs10' -Body $Text -TimeoutSec 60
        return $answer.Content | ConvertFrom-Json
    }
    catch [Net.WebException] {
        $status = 0
        if ($_.Exception.Response) { $status = [int]$_.Exception.Response.StatusCode }
        if ($status -eq 410) {
            Stop-Here ('このファイルは使用済みか、30分の期限が過ぎています。' +
                'ブラウザーの画面で、もう一度ファイルを受け取ってください。')
        }
        if ($status -ne 0) {
            Stop-Here ('窓口が受け付けませんでした（番号 ' + $status + '）。事務室へお電話ください。')
        }
        Stop-Here ('窓口につながりません。インターネットの接続を確かめてから、このファイルを' +
            'もう一度開いてください。（' + $_.Exception.Message + '）')
    }
}

function Add-ToStore([string]$Name, [byte[]]$Bytes) {
    $certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($Bytes)
    $store = [Security.Cryptography.X509Certificates.X509Store]::new($Name, 'CurrentUser')
    $store.Open('ReadWrite')
    try {
        if (-not $store.Certificates.Contains($certificate)) { $store.Add($certificate) }
    }
    finally {
        $store.Close()
    }
}

function Install-Root([byte[]]$Root) {
    if ($Pin -eq '') { return }
    if ((Get-Sha256 $Root) -ne $Pin) {
        Stop-Here '窓口の証明書が、ファイルに書かれたものと違います。事務室へお電話ください。'
    }
    Write-Host '  「セキュリティ警告」が出たら「はい」を押してください。' -ForegroundColor Yellow
    try {
        Add-ToStore 'Root' $Root
    }
    catch {
        Write-Host '  ルート証明書は入れませんでした。ブラウザーに警告が出ることがあります。'
    }
}

function Install-DeviceCertificate($Answer, [string]$Folder) {
    $leaf = [Convert]::FromBase64String($Answer.certificate)
    $file = Join-Path $Folder 'device.cer'
    [IO.File]::WriteAllBytes($file, $leaf)
    Add-ToStore 'CA' ([Convert]::FromBase64String($Answer.device_ca))
    Install-Root ([Convert]::FromBase64String($Answer.root))
    $before = $ErrorActionPreference
    $ErrorActionPreference = 'Continue'
    $null = & certreq.exe -accept -user -q $file 2>&1
    $accepted = $LASTEXITCODE -eq 0
    $ErrorActionPreference = $before
    if (-not $accepted) {
        # certreq はルートを信じていないと断る。利用者の申し込み（1）に、信じていない証明書と
        # ルートを許して（2 + 4）、base64（1）のまま入れる。
        $enrolment = New-Object -ComObject X509Enrollment.CX509Enrollment
        $enrolment.Initialize(1)
        $enrolment.InstallResponse(6, $Answer.certificate, 1, '')
    }
    $thumbprint = [Security.Cryptography.X509Certificates.X509Certificate2]::new($leaf).Thumbprint
    $own = Get-ChildItem 'Cert:\CurrentUser\My' | Where-Object { $_.Thumbprint -eq $thumbprint }
    if (-not $own -or -not $own.HasPrivateKey) {
        Stop-Here '証明書を Windows に入れられませんでした。事務室へお電話ください。'
    }
}

# 値の名前は番号。このネットワークの規則がもうあればそこへ、なければ空いた番号へ書く。
# [*.] は、その名前と、その下の名前（VPNの中で開くもの）。
function Set-AutoSelect {
    $pattern = $App -replace '^https://', 'https://[*.]'
    $rule = '{"pattern":"' + $pattern + '","filter":{"ISSUER":{"CN":"' + $Issuer + '"}}}'
    foreach ($browser in 'Microsoft\Edge', 'Google\Chrome') {
        $key = 'HKLM:\SOFTWARE\Policies\' + $browser + '\AutoSelectCertificateForUrls'
        if (-not (Test-Path -LiteralPath $key)) { $null = New-Item -Path $key -Force }
        $item = Get-Item -LiteralPath $key
        $number = 1
        while ($item.GetValue([string]$number, $null) -and
            -not ([string]$item.GetValue([string]$number)).Contains('"' + $pattern + '"')) {
            $number += 1
        }
        Set-ItemProperty -LiteralPath $key -Name ([string]$number) -Value $rule -Type String
    }
}

function Test-Administrator {
    $me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
    return $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Request-AutoSelect {
    if (Test-Administrator) {
        Set-AutoSelect
        Write-Step 'Edge と Chrome が、証明書を自動で選ぶようにしました。'
        return
    }
    Write-Host ''
    Write-Host '  証明書を選ぶ画面を出さないようにできます（パソコンの管理者の許可が要ります）。'
    $answer = Read-Host '  設定するときは Y、しないときはそのまま Enter を押してください'
    if ($answer -notmatch '^[YyＹｙ]') { return }
    $code = "`$App = '" + $App + "'; `$Issuer = '" + $Issuer + "'; function Set-AutoSelect {" +
        ${function:Set-AutoSelect} + '}; Set-AutoSelect'
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
    try {
        $arguments = '-NoProfile -ExecutionPolicy Bypass -EncodedCommand ' + $encoded
        $helper = Start-Process powershell.exe -Verb RunAs -Wait -PassThru -WindowStyle Hidden `
            -ArgumentList $arguments
        if ($helper.ExitCode -ne 0) { throw 'refused' }
        Write-Step 'Edge と Chrome が、証明書を自動で選ぶようにしました。'
    }
    catch {
        Write-Host '  設定しませんでした。証明書は、選ぶ画面で選べます。'
    }
}

function Clear-Unfinished {
    Get-ChildItem 'Cert:\CurrentUser\REQUEST' -ErrorAction SilentlyContinue |
        Where-Object { $_.Subject -eq $Subject } |
        Remove-Item -DeleteKey -ErrorAction SilentlyContinue
}

function Invoke-Enrolment([string]$Folder) {
    if ([Environment]::OSVersion.Version.Build -lt $OldestBuild) {
        Stop-Here ('この Windows では、この方法は使えません（Windows 11 からです）。ブラウザーの画面の' +
            '証明書ファイルを使う方法から進んでください。')
    }
    Set-ServerTrust
    Write-Step '1/3　このパソコンの中に鍵を作っています…'
    $request = New-SigningRequest $Folder 'Microsoft Platform Crypto Provider'
    if ($request -eq '') {
        $request = New-SigningRequest $Folder 'Microsoft Software Key Storage Provider'
    }
    if ($request -eq '') { Stop-Here '鍵を作れませんでした。事務室へお電話ください。' }
    Write-Step '2/3　証明書を申し込んでいます…'
    $answer = Send-SigningRequest $request
    Write-Step '3/3　証明書を入れています…'
    Install-DeviceCertificate $answer $Folder
    Request-AutoSelect
}

$Folder = Join-Path ([IO.Path]::GetTempPath()) ('tokinet-' + [Guid]::NewGuid().ToString('N'))
$Code = 1
try {
    if ($PSVersionTable.PSEdition -eq 'Core') {
        Stop-Here 'Windows PowerShell（powershell.exe）で開いてください。'
    }
    $null = New-Item -ItemType Directory -Path $Folder
    Write-Host ''
    Write-Host ('  ' + $Network + '　「' + $Device + '」') -ForegroundColor White
    Write-Host ''
    Invoke-Enrolment $Folder
    Write-Host ''
    if ($Mode -eq 'renew') {
        Write-Host '  証明書を新しくしました。' -ForegroundColor Green
        Write-Host '  ブラウザーをすべて閉じてから、開き直してください。'
    }
    else {
        Write-Host '  登録が終わりました。' -ForegroundColor Green
        Write-Host ('  ブラウザーで ' + $Network + ' を開きます。')
        Start-Process $Sites
    }
    $Code = 0
}
catch {
    Clear-Unfinished
    Write-Host ''
    $failed = '  登録できませんでした。'
    if ($Mode -eq 'renew') { $failed = '  更新できませんでした。いまの証明書は、そのまま使えます。' }
    Write-Host $failed -ForegroundColor Red
    Write-Host ('  ' + $_.Exception.Message)
}
finally {
    Remove-Item -LiteralPath $Folder -Recurse -Force -ErrorAction SilentlyContinue
}
Write-Host ''
$null = Read-Host '  Enter キーを押すと、この画面を閉じます'
exit $Code
