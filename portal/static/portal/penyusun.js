/* penyusun.js - in the form builder, offers the questions that come before and their answers. Without it one types their codes. */
(function(){
"use strict";
var d=document,me=d.currentScript,list=d.createElement("datalist"),
 Q="body-\\d+-value-questions-\\d+-value(?:-questions-\\d+-value)?",
 place=new RegExp("^("+Q+")-(?:not_before|differs_from|(show_if-rules-\\d+-value(?:-rules-\\d+-value)?)-(field|value))$"),
 label=new RegExp("^("+Q+")-label$");
list.id="penyusun-pilihan";
function input(name){return d.querySelector('[name="'+name+'"]')}
function text(name){var e=input(name);return e?e.value.trim():""}
function gone(prefix){return prefix.split("-value").slice(0,-1).some(function(x,i,all){return text(all.slice(0,i+1).join("-value")+"-deleted")==="1"})}
/* Questions in the order of the page: {prefix, key, label}; a new one has no key yet and is named by its label. */
function questions(){return Array.prototype.map.call(d.querySelectorAll('[name^="body-"][name$="-label"]'),function(e){
 var m=label.exec(e.name);return m&&!gone(m[1])?{prefix:m[1],label:e.value.trim(),key:text(m[1]+"-key")}:null}).filter(function(q){return q&&(q.label||q.key)})}
function group(prefix){var m=/^(body-\d+-value-questions-\d+-value)-questions-/.exec(prefix);return m?m[1]:""}
function before(prefix){var found=[],all=questions(),i,q;
 for(i=0;i<all.length;i++){q=all[i];if(q.prefix===prefix)break;if(q.prefix===group(prefix))continue;if(!group(q.prefix)||group(q.prefix)===group(prefix))found.push(q)}
 return found}
function named(word){var low=word.toLowerCase();return questions().filter(function(q){return q.key===word||q.label.toLowerCase()===low})[0]}
function answers(q){var kind=text(q.prefix.replace(/-value$/,"-type")),found=[],i,name;
 if(kind==="yesno"||kind==="checkbox"||kind==="consent")return[[me.dataset.yes,""],[me.dataset.no,""]];
 for(i=0;(name=q.prefix+"-options-"+i+"-value"),input(name+"-label");i++)if(text(q.prefix+"-options-"+i+"-deleted")!=="1"&&text(name+"-label"))found.push([text(name+"-value")||text(name+"-label"),text(name+"-label")]);
 return found}
function fill(pairs){while(list.firstChild)list.removeChild(list.firstChild);
 pairs.forEach(function(p){var o=d.createElement("option");o.value=p[0];if(p[1]&&p[1]!==p[0])o.label=p[1];list.appendChild(o)})}
d.addEventListener("focusin",function(event){
 var e=event.target,m=e.name&&place.exec(e.name),q;if(!m)return;
 if(!list.parentNode)d.body.appendChild(list);
 if(m[3]==="value"){q=named(text(m[1]+"-"+m[2]+"-field"));fill(q?answers(q):[])}
 else fill(before(m[1]).map(function(x){return[x.key||x.label,x.label]}));
 e.setAttribute("list",list.id);e.setAttribute("autocomplete","off")});
})();
