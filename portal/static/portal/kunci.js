/* kunci.js - passkeys (WebAuthn) for forms with data-kunci="buat|pakai|masuk". Without it the other ways to sign in remain. */
(function(){
"use strict";
var d=document,form=d.querySelector("form[data-kunci]");
if(!form||!window.PublicKeyCredential||!navigator.credentials)return;
var kind=form.dataset.kunci,field=form.querySelector("[name=credential]"),note=d.getElementById("kunci-galat");
function bytes(text){var s=atob(text.replace(/-/g,"+").replace(/_/g,"/")),a=new Uint8Array(s.length),i;for(i=0;i<s.length;i++)a[i]=s.charCodeAt(i);return a.buffer}
function text(buffer){var a=new Uint8Array(buffer),s="",i;for(i=0;i<a.length;i++)s+=String.fromCharCode(a[i]);return btoa(s).replace(/\+/g,"-").replace(/\//g,"_").replace(/=+$/,"")}
function known(list){return (list||[]).map(function(c){return Object.assign({},c,{id:bytes(c.id)})})}
function prepare(given){
 var o=Object.assign({},given.publicKey,{challenge:bytes(given.publicKey.challenge)});
 if(kind==="buat"){o.user=Object.assign({},o.user,{id:bytes(o.user.id)});o.excludeCredentials=known(o.excludeCredentials);
  o.authenticatorSelection=Object.assign({},o.authenticatorSelection,{residentKey:"required",requireResidentKey:true,userVerification:"required"})}
 else o.allowCredentials=known(o.allowCredentials);
 return {publicKey:o}}
function told(c){
 var r=c.response,out={clientDataJSON:text(r.clientDataJSON)};
 if(r.attestationObject){out.attestationObject=text(r.attestationObject);if(r.getTransports)out.transports=r.getTransports()}
 else{out.authenticatorData=text(r.authenticatorData);out.signature=text(r.signature);if(r.userHandle)out.userHandle=text(r.userHandle)}
 return JSON.stringify({id:c.id,rawId:text(c.rawId),type:c.type,response:out,clientExtensionResults:c.getClientExtensionResults()})}
function options(){
 if(kind==="masuk")return fetch(form.action,{headers:{Accept:"application/json"}}).then(function(a){if(!a.ok)throw new Error(a.status);return a.json()}).then(function(j){return j.request_options});
 var j=JSON.parse(d.getElementById("kunci-data").textContent);return Promise.resolve(j.creation_options||j.request_options)}
form.hidden=false;
form.addEventListener("submit",function(e){
 if(field.value)return;
 e.preventDefault();if(note)note.hidden=true;
 options().then(function(o){o=prepare(o);return kind==="buat"?navigator.credentials.create(o):navigator.credentials.get(o)})
 .then(function(c){field.value=told(c);form.submit()})
 .catch(function(){if(note)note.hidden=false})});
})();
